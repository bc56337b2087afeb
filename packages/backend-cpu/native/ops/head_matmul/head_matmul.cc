// out[T, H, N] = x[T, H, K] · w[h][N, K]ᵀ for each head h.
#include "ops/matmul/dense_product.h"

namespace tensorplan {

void register_head_matmul(KernelTable& table);

void register_head_matmul(KernelTable& table) {
  add_product_rows(table, "head_matmul", [](const NodeDesc& node, const ProductVariant& variant) {
    return std::make_unique<DenseProduct>(node, variant, DenseNames{"x", "w", nullptr, true});
  });
}

}  // namespace tensorplan
