#include "ops/matmul/dense_product.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tensorplan {

DenseProduct::DenseProduct(const NodeDesc& node, const ProductVariant& variant, const DenseNames& names, DensePart operand,
                           DensePart copied)
    : node_(node),
      names_(names),
      product_(*variant.isa, {variant.dtype, variant.layout, constant_size(node, names.w, 2), constant_size(node, names.w, 1)},
               names.w2 != nullptr, 1),
      operand_(operand),
      copied_(copied),
      heads_(names.heads ? constant_size(node, names.w, 3) : 1) {
  if (operand_.size != 0 && operand_.size != product_.matrix().k)
    throw std::invalid_argument(node.id + ": the part of \"" + names.x + "\" has " + std::to_string(operand_.size) + " values, the weight's rows " +
                                std::to_string(product_.matrix().k));
}

void DenseProduct::bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) {
  const Operand& x = operands.at(names_.x);
  const Operand& out = operands.at("out");
  x_ = x.as<const float>();
  out_ = out.as<float>();
  w_ = operands.at(names_.w).data;
  w2_ = names_.w2 ? operands.at(names_.w2).data : nullptr;
  x_width_ = x.last();
  out_width_ = out.last();
  rows_ = x.rows() / heads_;
  split_ = product_.split(rows_);
  if (product_.matrix().quantised())
    quantised_ = Workspace(node_, workspace).take(rows_ * heads_ * quantised_row_bytes(product_.matrix().k));
}

int64_t DenseProduct::chunks(int stage) {
  if (stage == 0) return product_.matrix().quantised() ? ceil_div(rows_ * heads_, quantise_step(product_.matrix().k)) : 0;
  return heads_ * split_.count();
}

void DenseProduct::run(int stage, int64_t chunk, Worker& worker) {
  if (stage == 0)
    quantise(chunk);
  else
    multiply(chunk, worker);
}

void DenseProduct::quantise(int64_t chunk) {
  const int64_t k = product_.matrix().k, step = quantise_step(k);
  const int64_t end = std::min(rows_ * heads_, (chunk + 1) * step);
  for (int64_t row = chunk * step; row < end; row++)
    product_.isa().quantize(x_ + row * x_width_ + operand_.start, k,
                            reinterpret_cast<tp_act_block*>(quantised_ + row * quantised_row_bytes(k)));
}

void DenseProduct::multiply(int64_t chunk, Worker& worker) {
  const Matrix& matrix = product_.matrix();
  // Rows are the fastest: neighbouring chunks read the same weights.
  const int64_t row_chunk = chunk % split_.row_chunks;
  const int64_t group_chunk = chunk / split_.row_chunks % split_.group_chunks;
  const int64_t head = chunk / split_.count();
  const int64_t first_row = row_chunk * split_.row_step;
  const int64_t rows = std::min(split_.row_step, rows_ - first_row);
  const int64_t first_group = group_chunk * split_.group_step;

  const void* x[kMaxRowStep];
  float* out[kMaxRowStep];
  for (int64_t r = 0; r < rows; r++) {
    const int64_t row = (first_row + r) * heads_ + head;
    x[r] = matrix.quantised() ? static_cast<const void*>(quantised_ + row * quantised_row_bytes(matrix.k))
                              : static_cast<const void*>(x_ + row * x_width_ + operand_.start);
    out[r] = out_ + row * out_width_ + 16 * first_group;
    if (first_group == 0 && copied_.size != 0)
      std::memcpy(out[r] + matrix.n, x_ + row * x_width_ + copied_.start, sizeof(float) * static_cast<size_t>(copied_.size));
  }
  const int64_t offset = head * matrix.bytes();
  product_.run(w_ + offset, w2_ ? w2_ + offset : nullptr, first_group, split_.group_step, x, out, rows, worker.scratch);
}

}  // namespace tensorplan
