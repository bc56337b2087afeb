// out = x / sqrt(mean(x²) + eps) · weight over the last axis, or over a part of it with the rest copied.
#include <cstring>

#include "ops/common/part.h"
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"

extern "C" {
using tp_rms_norm_fn = void(const float* x, const float* weight, float* out, int64_t n, float eps);
tp_rms_norm_fn tp_rms_norm_generic, tp_rms_norm_avx2, tp_rms_norm_avx512;
}

namespace tensorplan {
namespace {

class RmsNorm final : public Kernel {
 public:
  RmsNorm(tp_rms_norm_fn* norm, const NodeDesc& node)
      : norm_(norm), eps_(static_cast<float>(node.attrs.number("eps", 0))), part_(part_of(node.attrs, "part")) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& x = operands.at("x");
    x_ = x.as<const float>();
    weight_ = operands.at("weight").as<const float>();
    out_ = operands.at("out").as<float>();
    columns_ = x.last();
    start_ = part_.present() ? part_.start : 0;
    size_ = part_.present() ? part_.size : columns_;
    chunks_.set(x.rows(), columns_);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    for (int64_t row = chunks_.begin(chunk); row < chunks_.end(chunk); row++) {
      const float* x = x_ + row * columns_;
      float* out = out_ + row * columns_;
      const int64_t end = start_ + size_;
      if (out != x) {
        std::memcpy(out, x, sizeof(float) * start_);
        std::memcpy(out + end, x + end, sizeof(float) * (columns_ - end));
      }
      norm_(x + start_, weight_, out + start_, size_, eps_);
    }
  }

 private:
  tp_rms_norm_fn* norm_;
  float eps_;
  Part part_;
  const float* x_ = nullptr;
  const float* weight_ = nullptr;
  float* out_ = nullptr;
  int64_t columns_ = 0, start_ = 0, size_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_rms_norm(KernelTable& table) {
  const PerIsa<tp_rms_norm_fn*> functions = TP_PER_ISA(tp_rms_norm);
  add_per_isa(table, "rms_norm", functions,
              [](tp_rms_norm_fn* f, const NodeDesc& node) { return std::make_unique<RmsNorm>(f, node); });
}

}  // namespace tensorplan
