// out[T, N] = Σ_u weights[t, u] · x[T, U, N], in order u.
#include <algorithm>

#include "ops/matmul/product.h"

namespace tensorplan {

void register_weighted_sum(KernelTable& table);

namespace {

class WeightedSum final : public Kernel {
 public:
  explicit WeightedSum(const tp_gemm_isa& isa) : isa_(isa) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& x = operands.at("x");
    x_ = x.as<const float>();
    weights_ = operands.at("weights").as<const float>();
    out_ = operands.at("out").as<float>();
    tokens_ = x.dim[0];
    used_ = x.dim[1];
    n_ = x.dim[2];
    step_ = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, used_ * n_));
  }

  int64_t chunks(int) override { return ceil_div(tokens_, step_); }

  void run(int, int64_t chunk, Worker&) override {
    const int64_t end = std::min(tokens_, (chunk + 1) * step_);
    for (int64_t t = chunk * step_; t < end; t++)
      isa_.weighted_sum(x_ + t * used_ * n_, n_, weights_ + t * used_, used_, n_, out_ + t * n_);
  }

 private:
  const tp_gemm_isa& isa_;
  const float* x_ = nullptr;
  const float* weights_ = nullptr;
  float* out_ = nullptr;
  int64_t tokens_ = 0, used_ = 0, n_ = 0, step_ = 1;
};

}  // namespace

void register_weighted_sum(KernelTable& table) {
  add_isa_rows(table, "weighted_sum", [](const NodeDesc&, const tp_gemm_isa& isa) { return std::make_unique<WeightedSum>(isa); });
}

}  // namespace tensorplan
