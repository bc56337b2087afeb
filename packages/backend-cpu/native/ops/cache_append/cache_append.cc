// state[slots[t]] = rows[t], rounded to the state's type.
#include <cstring>

#include "formats/format.h"
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"

extern "C" {
using tp_append_fn = void(const float* x, int64_t n, uint8_t* to);
tp_append_fn tp_append_f16_generic, tp_append_f16_avx2, tp_append_f16_avx512;
tp_append_fn tp_append_bf16_generic, tp_append_bf16_avx2, tp_append_bf16_avx512;
tp_append_fn tp_append_q8_0_generic, tp_append_q8_0_avx2, tp_append_q8_0_avx512;
}

namespace tensorplan {
namespace {

void append_f32(const float* x, int64_t n, uint8_t* to) { std::memcpy(to, x, sizeof(float) * static_cast<size_t>(n)); }

class CacheAppend final : public Kernel {
 public:
  CacheAppend(tp_append_fn* append, DType dtype) : append_(append), dtype_(dtype) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& rows = operands.at("rows");
    rows_ = rows.as<const float>();
    slots_ = operands.at("slots").as<const int32_t>();
    state_ = operands.at("state").data;
    tokens_ = rows.dim[0];
    width_ = tokens_ == 0 ? 0 : rows.count() / tokens_;
    chunks_.set(tokens_, width_, 8192);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    const size_t bytes = row_bytes(dtype_, width_);
    for (int64_t t = chunks_.begin(chunk); t < chunks_.end(chunk); t++)
      append_(rows_ + t * width_, width_, state_ + static_cast<size_t>(slots_[t]) * bytes);
  }

 private:
  tp_append_fn* append_;
  DType dtype_;
  const float* rows_ = nullptr;
  const int32_t* slots_ = nullptr;
  uint8_t* state_ = nullptr;
  int64_t tokens_ = 0, width_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_cache_append(KernelTable& table) {
  const auto add = [&](const char* name, DType dtype, const PerIsa<tp_append_fn*>& functions) {
    add_per_isa(table, std::string("cache_append.") + name, functions,
                [=](tp_append_fn* f, const NodeDesc&) { return std::make_unique<CacheAppend>(f, dtype); });
  };
  add("f32", DType::f32, {append_f32, nullptr, nullptr});
  add("f16", DType::f16, TP_PER_ISA(tp_append_f16));
  add("bf16", DType::bf16, TP_PER_ISA(tp_append_bf16));
  add("q8_0", DType::q8_0, TP_PER_ISA(tp_append_q8_0));
}

}  // namespace tensorplan
