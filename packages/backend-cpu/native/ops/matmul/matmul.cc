// out[…, N] = x[…, K] · w[N, K]ᵀ
#include "ops/matmul/dense_product.h"

namespace tensorplan {

void register_matmul(KernelTable& table);

void register_matmul(KernelTable& table) {
  add_product_rows(table, "matmul", [](const NodeDesc& node, const ProductVariant& variant) {
    return std::make_unique<DenseProduct>(node, variant, DenseNames{"x", "w"});
  });
}

}  // namespace tensorplan
