// Rows times one weight matrix, or times one matrix for each head: matmul, gate_up_swiglu, head_matmul, mla_absorb_query.
//
// Stage 0 quantises the rows (weights of block types), stage 1 multiplies. Workspace: the quantised rows,
// ceil(rows · heads · K · 40 / 32) bytes, for block types; none otherwise.
#pragma once

#include <string>

#include "ops/matmul/product.h"

namespace tensorplan {

struct DenseNames {
  const char* x;
  const char* w;
  const char* w2 = nullptr;  // gate_up_swiglu
  bool heads = false;        // w is [H, N, K], x is [T, H, …]
};

// A part of each (token, head) row of x that is copied behind the products.
struct DensePart {
  int64_t start = 0, size = 0;
};

class DenseProduct : public Kernel {
 public:
  // `operand` is the part of x's last axis that is multiplied (size 0: all of it), `copied` the part appended to the output.
  DenseProduct(const NodeDesc& node, const ProductVariant& variant, const DenseNames& names, DensePart operand = {}, DensePart copied = {});

  size_t scratch_bytes() const override { return product_.scratch_bytes(); }
  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override;
  int stages() const override { return 2; }
  int64_t chunks(int stage) override;
  void run(int stage, int64_t chunk, Worker& worker) override;

 private:
  void quantise(int64_t chunk);
  void multiply(int64_t chunk, Worker& worker);

  NodeDesc node_;
  DenseNames names_;
  Product product_;
  DensePart operand_, copied_;
  int64_t heads_;

  const float* x_ = nullptr;
  const uint8_t* w_ = nullptr;
  const uint8_t* w2_ = nullptr;
  float* out_ = nullptr;
  uint8_t* quantised_ = nullptr;
  int64_t rows_ = 0, x_width_ = 0, out_width_ = 0;  // rows: tokens; widths: of one (token, head) row
  Split split_ = {};
};

}  // namespace tensorplan
