// out[T, H, L+R]: the first L values are w[h][L, N] · q's nope part, then q's rope part as it is. (DeepSeek-V2, arXiv:2405.04434: the
// key's up-projection moved to the query's side.)
#include <stdexcept>

#include "ops/matmul/dense_product.h"

namespace tensorplan {

void register_mla_absorb_query(KernelTable& table);

namespace {

DensePart part(const NodeDesc& node, const std::string& name) {
  const double start = node.attrs.number(name + ".start", -1), size = node.attrs.number(name + ".size", -1);
  if (start < 0 || size < 0) throw std::invalid_argument(node.id + ": attribute \"" + name + "\" needs a start and a size");
  return {static_cast<int64_t>(start), static_cast<int64_t>(size)};
}

}  // namespace

void register_mla_absorb_query(KernelTable& table) {
  add_product_rows(table, "mla_absorb_query", [](const NodeDesc& node, const ProductVariant& variant) {
    return std::make_unique<DenseProduct>(node, variant, DenseNames{"q", "w", nullptr, true}, part(node, "nope"), part(node, "rope"));
  });
}

}  // namespace tensorplan
