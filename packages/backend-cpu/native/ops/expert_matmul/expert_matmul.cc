// out[T, U, N] = x · w[ids[t, u]][N, K]ᵀ with x [T, K] (the same row for every expert of a token) or [T, U, K].
//
// Stage 0 quantises x (weights of block types), stage 1 multiplies each expert's rows. Workspace: quantised x, then the lists.
#include <algorithm>

#include "ops/matmul/expert_lists.h"
#include "ops/matmul/product.h"

namespace tensorplan {

void register_expert_matmul(KernelTable& table);

namespace {

class ExpertMatmul final : public Kernel {
 public:
  ExpertMatmul(const NodeDesc& node, const ProductVariant& variant)
      : node_(node),
        product_(*variant.isa, {variant.dtype, variant.layout, constant_size(node, "w", 2), constant_size(node, "w", 1)}, false, 1),
        experts_(constant_size(node, "w", 3)) {}

  size_t scratch_bytes() const override { return product_.scratch_bytes(); }

  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override {
    const Operand& x = operands.at("x");
    const Operand& ids = operands.at("ids");
    x_ = x.as<const float>();
    w_ = operands.at("w").data;
    ids_ = ids.as<const int32_t>();
    out_ = operands.at("out").as<float>();
    x_rows_ = x.rows();
    pairs_ = ids.count();
    used_ = x.rank == 3 ? 1 : ids.last();
    step_ = product_.split(pairs_).group_step;
    Workspace area(node_, workspace);
    if (product_.matrix().quantised()) quantised_ = area.take(x_rows_ * quantised_row_bytes(product_.matrix().k));
    uint8_t* tables = area.take(ExpertLists::table_bytes(experts_));
    lists_.place(tables, area.take(ExpertLists::pair_bytes(pairs_)), experts_);
  }

  int stages() const override { return 2; }

  int64_t chunks(int stage) override {
    if (stage == 0) return product_.matrix().quantised() ? ceil_div(x_rows_, quantise_step(product_.matrix().k)) : 0;
    lists_.build(ids_, pairs_);
    return lists_.cut(ceil_div(product_.matrix().groups(), step_));
  }

  void run(int stage, int64_t chunk, Worker& worker) override {
    const Matrix& matrix = product_.matrix();
    const int64_t row_bytes = quantised_row_bytes(matrix.k);
    if (stage == 0) {
      const int64_t step = quantise_step(matrix.k), end = std::min(x_rows_, (chunk + 1) * step);
      for (int64_t row = chunk * step; row < end; row++)
        product_.isa().quantize(x_ + row * matrix.k, matrix.k, reinterpret_cast<tp_act_block*>(quantised_ + row * row_bytes));
      return;
    }
    const ExpertLists::Piece piece = lists_.piece(chunk);
    const int64_t first_group = piece.group_chunk * step_;
    const void* x[kMaxRowStep];
    float* out[kMaxRowStep];
    for (int64_t r = 0; r < piece.rows; r++) {
      const int64_t pair = lists_.pairs()[piece.first + r], row = pair / used_;
      x[r] = matrix.quantised() ? static_cast<const void*>(quantised_ + row * row_bytes) : static_cast<const void*>(x_ + row * matrix.k);
      out[r] = out_ + pair * matrix.n + 16 * first_group;
    }
    product_.run(w_ + piece.expert * matrix.bytes(), nullptr, first_group, step_, x, out, piece.rows, worker.scratch);
  }

 private:
  NodeDesc node_;
  Product product_;
  int64_t experts_;
  ExpertLists lists_;
  const float* x_ = nullptr;
  const uint8_t* w_ = nullptr;
  const int32_t* ids_ = nullptr;
  float* out_ = nullptr;
  uint8_t* quantised_ = nullptr;
  int64_t x_rows_ = 0, pairs_ = 0, used_ = 1, step_ = 1;  // used: pairs that share a row of x
};

}  // namespace

void register_expert_matmul(KernelTable& table) {
  add_product_rows(table, "expert_matmul", [](const NodeDesc& node, const ProductVariant& variant) {
    return std::make_unique<ExpertMatmul>(node, variant);
  });
}

}  // namespace tensorplan
