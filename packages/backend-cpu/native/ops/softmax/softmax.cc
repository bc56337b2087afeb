// Softmax over the last axis. −inf gives 0; a row of nothing but −inf gives zeros.
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"

extern "C" {
using tp_softmax_fn = void(const float* x, float* out, int64_t n);
tp_softmax_fn tp_softmax_generic, tp_softmax_avx2, tp_softmax_avx512;
}

namespace tensorplan {
namespace {

class Softmax final : public Kernel {
 public:
  explicit Softmax(tp_softmax_fn* function) : function_(function) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& x = operands.at("x");
    x_ = x.as<const float>();
    out_ = operands.at("out").as<float>();
    columns_ = x.last();
    chunks_.set(x.rows(), columns_, 8192);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    for (int64_t row = chunks_.begin(chunk); row < chunks_.end(chunk); row++)
      function_(x_ + row * columns_, out_ + row * columns_, columns_);
  }

 private:
  tp_softmax_fn* function_;
  const float* x_ = nullptr;
  float* out_ = nullptr;
  int64_t columns_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_softmax(KernelTable& table) {
  const PerIsa<tp_softmax_fn*> functions = TP_PER_ISA(tp_softmax);
  add_per_isa(table, "softmax", functions,
              [](tp_softmax_fn* f, const NodeDesc&) { return std::make_unique<Softmax>(f); });
}

}  // namespace tensorplan
