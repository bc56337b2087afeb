// sum = a + b; out = rms_norm(sum). The bits equal those of the two operations one after the other.
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"

extern "C" {
using tp_add_rms_norm_fn = void(const float* a, const float* b, const float* weight, float* sum, float* out, int64_t n, float eps);
tp_add_rms_norm_fn tp_add_rms_norm_generic, tp_add_rms_norm_avx2, tp_add_rms_norm_avx512;
}

namespace tensorplan {
namespace {

class AddRmsNorm final : public Kernel {
 public:
  AddRmsNorm(tp_add_rms_norm_fn* function, const NodeDesc& node)
      : function_(function), eps_(static_cast<float>(node.attrs.number("eps", 0))) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& a = operands.at("a");
    a_ = a.as<const float>();
    b_ = operands.at("b").as<const float>();
    weight_ = operands.at("weight").as<const float>();
    sum_ = operands.at("sum").as<float>();
    out_ = operands.at("out").as<float>();
    columns_ = a.last();
    chunks_.set(a.rows(), columns_);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    for (int64_t row = chunks_.begin(chunk); row < chunks_.end(chunk); row++) {
      const int64_t at = row * columns_;
      function_(a_ + at, b_ + at, weight_, sum_ + at, out_ + at, columns_, eps_);
    }
  }

 private:
  tp_add_rms_norm_fn* function_;
  float eps_;
  const float *a_ = nullptr, *b_ = nullptr, *weight_ = nullptr;
  float *sum_ = nullptr, *out_ = nullptr;
  int64_t columns_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_add_rms_norm(KernelTable& table) {
  const PerIsa<tp_add_rms_norm_fn*> functions = TP_PER_ISA(tp_add_rms_norm);
  add_per_isa(table, "add_rms_norm", functions,
              [](tp_add_rms_norm_fn* f, const NodeDesc& node) { return std::make_unique<AddRmsNorm>(f, node); });
}

}  // namespace tensorplan
