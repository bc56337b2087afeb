// out[…, N] = silu(x[…, K] · gate[N, K]ᵀ) · (x · up[N, K]ᵀ); neither product is ever in memory.
#include "ops/matmul/dense_product.h"

namespace tensorplan {

void register_gate_up_swiglu(KernelTable& table);

void register_gate_up_swiglu(KernelTable& table) {
  add_product_rows(table, "gate_up_swiglu", [](const NodeDesc& node, const ProductVariant& variant) {
    return std::make_unique<DenseProduct>(node, variant, DenseNames{"x", "gate", "up"});
  });
}

}  // namespace tensorplan
