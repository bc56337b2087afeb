// out[T, E] = Σ_u weights[t, u] · down[e](silu(gate[e]·x) · (up[e]·x)), e = ids[t, u], in order u.
//
// The pairs (t, u) are bucketed by expert. Stage 0 quantises x, stage 1 makes hidden rows (gate and up at once, quantised where they are
// made), stage 2 multiplies them by down, stage 3 adds a token's rows up. With few pairs, as in decoding, a chunk of stage 2 takes its
// columns of all experts and adds them up itself, so that stage 3 and its barrier fall away. The bits are the same either way, and the
// same as those of the primitives expert_matmul, swiglu and weighted_sum with one rounding of the hidden rows in between.
//
// Workspace, in this order: quantised x (block types), hidden rows (quantised if down is of a block type, else f32), products with down
// [pairs, E] f32, the lists.
#include <algorithm>
#include <stdexcept>

#include "ops/matmul/expert_lists.h"
#include "ops/matmul/product.h"

namespace tensorplan {

void register_moe(KernelTable& table);

namespace {

constexpr int64_t kFewPairs = 256;
constexpr int64_t kFewPairsGroups = 2;  // groups of a chunk of stage 2 with few pairs

class Moe final : public Kernel {
 public:
  Moe(const NodeDesc& node, const ProductVariant& variant)
      : node_(node),
        up_(*variant.isa, {variant.dtype, variant.layout, constant_size(node, "gate", 2), constant_size(node, "gate", 1)}, true, 2),
        down_(*variant.isa, {down_type(node), variant.layout, constant_size(node, "down", 2), constant_size(node, "down", 1)}, false,
              kFewPairsGroups),
        experts_(constant_size(node, "gate", 3)) {
    if (node.inputs.at("up").dtype != variant.dtype)
      throw std::invalid_argument(node.id + ": gate and up must be of one type; lower moe to primitives instead");
    if (down_.matrix().k != up_.matrix().n) throw std::invalid_argument(node.id + ": down must read as many values as gate makes");
  }

  size_t scratch_bytes() const override {
    return std::max(made_bytes() + up_.scratch_bytes(), down_.scratch_bytes());
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override {
    const Operand& ids = operands.at("ids");
    x_ = operands.at("x").as<const float>();
    ids_ = ids.as<const int32_t>();
    weights_ = operands.at("weights").as<const float>();
    gate_w_ = operands.at("gate").data;
    up_w_ = operands.at("up").data;
    down_w_ = operands.at("down").data;
    out_ = operands.at("out").as<float>();
    tokens_ = ids.rows();
    used_ = ids.last();
    pairs_ = ids.count();
    few_ = pairs_ <= kFewPairs;
    up_step_ = up_.many_rows_step();
    down_step_ = few_ ? kFewPairsGroups : down_.many_rows_step();
    Workspace area(node_, workspace);
    if (up_.matrix().quantised()) quantised_ = area.take(tokens_ * quantised_row_bytes(up_.matrix().k));
    hidden_ = area.take(pairs_ * hidden_bytes());
    products_ = reinterpret_cast<float*>(area.take(pairs_ * down_.matrix().n * static_cast<int64_t>(sizeof(float))));
    uint8_t* tables = area.take(ExpertLists::table_bytes(experts_));
    lists_.place(tables, area.take(ExpertLists::pair_bytes(pairs_)), experts_);
  }

  int stages() const override { return 4; }

  int64_t chunks(int stage) override {
    switch (stage) {
      case 0: return up_.matrix().quantised() ? ceil_div(tokens_, quantise_step(up_.matrix().k)) : 0;
      case 1:
        lists_.build(ids_, pairs_);
        return lists_.cut(ceil_div(up_.matrix().groups(), up_step_));
      case 2: {
        const int64_t group_chunks = ceil_div(down_.matrix().groups(), down_step_);
        return few_ ? group_chunks : lists_.cut(group_chunks);
      }
      default: return few_ ? 0 : ceil_div(tokens_, kSumStep);
    }
  }

  void run(int stage, int64_t chunk, Worker& worker) override {
    switch (stage) {
      case 0: return quantise(chunk);
      case 1: return make_hidden(chunk, worker);
      case 2: return few_ ? multiply_and_sum(chunk, worker) : multiply(chunk, worker);
      default: return sum(chunk);
    }
  }

 private:
  static constexpr int64_t kSumStep = 4;  // tokens of a chunk of stage 3

  static DType down_type(const NodeDesc& node) { return node.inputs.at("down").dtype; }

  // Hidden values of a chunk before they are quantised.
  size_t made_bytes() const {
    return down_.matrix().quantised() ? static_cast<size_t>(kMaxRowStep * up_.many_rows_step() * 16) * sizeof(float) : 0;
  }
  int64_t hidden_bytes() const {
    const int64_t k = down_.matrix().k;
    return down_.matrix().quantised() ? quantised_row_bytes(k) : k * static_cast<int64_t>(sizeof(float));
  }

  void quantise(int64_t chunk) {
    const int64_t k = up_.matrix().k, step = quantise_step(k), end = std::min(tokens_, (chunk + 1) * step);
    for (int64_t row = chunk * step; row < end; row++)
      up_.isa().quantize(x_ + row * k, k, reinterpret_cast<tp_act_block*>(quantised_ + row * quantised_row_bytes(k)));
  }

  void make_hidden(int64_t chunk, Worker& worker) {
    const Matrix& matrix = up_.matrix();
    const ExpertLists::Piece piece = lists_.piece(chunk);
    const int64_t first_group = piece.group_chunk * up_step_, first_column = 16 * first_group;
    const int64_t columns = std::min(16 * up_step_, matrix.n - first_column);
    const bool quantised = down_.matrix().quantised();
    float* made = reinterpret_cast<float*>(worker.scratch);
    const void* x[kMaxRowStep];
    float* out[kMaxRowStep];
    for (int64_t r = 0; r < piece.rows; r++) {
      const int64_t token = lists_.pairs()[piece.first + r] / used_;
      x[r] = matrix.quantised() ? static_cast<const void*>(quantised_ + token * quantised_row_bytes(matrix.k))
                                : static_cast<const void*>(x_ + token * matrix.k);
      out[r] = quantised ? made + r * columns : hidden_row<float>(piece.first + r) + first_column;
    }
    const int64_t offset = piece.expert * matrix.bytes();
    up_.run(gate_w_ + offset, up_w_ + offset, first_group, up_step_, x, out, piece.rows, worker.scratch + made_bytes());
    if (!quantised) return;
    // A chunk has whole blocks of 32 columns: its first is a multiple of 32, and so is the width.
    for (int64_t r = 0; r < piece.rows; r++)
      up_.isa().quantize(out[r], columns, hidden_row<tp_act_block>(piece.first + r) + first_column / 32);
  }

  // Rows first … first+rows-1 of the lists, all of one expert, times `groups` groups of its down matrix.
  void multiply_rows(int64_t expert, int64_t first, int64_t rows, int64_t first_group, Worker& worker) {
    const Matrix& matrix = down_.matrix();
    const void* x[kMaxRowStep];
    float* out[kMaxRowStep];
    for (int64_t r = 0; r < rows; r++) {
      x[r] = hidden_ + (first + r) * hidden_bytes();
      out[r] = products_ + lists_.pairs()[first + r] * matrix.n + 16 * first_group;
    }
    down_.run(down_w_ + expert * matrix.bytes(), nullptr, first_group, down_step_, x, out, rows, worker.scratch);
  }

  void multiply(int64_t chunk, Worker& worker) {
    const ExpertLists::Piece piece = lists_.piece(chunk);
    multiply_rows(piece.expert, piece.first, piece.rows, piece.group_chunk * down_step_, worker);
  }

  void multiply_and_sum(int64_t chunk, Worker& worker) {
    const int64_t first_group = chunk * down_step_, n = down_.matrix().n;
    for (int64_t a = 0; a < lists_.active_count(); a++) {
      const int64_t expert = lists_.active(a), end = lists_.start(expert) + lists_.rows(expert);
      for (int64_t first = lists_.start(expert); first < end; first += kMaxRowStep)
        multiply_rows(expert, first, std::min(kMaxRowStep, end - first), first_group, worker);
    }
    const int64_t column = 16 * first_group, columns = std::min(16 * down_step_, n - column);
    for (int64_t t = 0; t < tokens_; t++)
      down_.isa().weighted_sum(products_ + t * used_ * n + column, n, weights_ + t * used_, used_, columns, out_ + t * n + column);
  }

  void sum(int64_t chunk) {
    const int64_t n = down_.matrix().n, end = std::min(tokens_, (chunk + 1) * kSumStep);
    for (int64_t t = chunk * kSumStep; t < end; t++)
      down_.isa().weighted_sum(products_ + t * used_ * n, n, weights_ + t * used_, used_, n, out_ + t * n);
  }

  template <class T>
  T* hidden_row(int64_t row) {
    return reinterpret_cast<T*>(hidden_ + row * hidden_bytes());
  }

  NodeDesc node_;
  Product up_, down_;
  int64_t experts_;
  ExpertLists lists_;
  const float* x_ = nullptr;
  const int32_t* ids_ = nullptr;
  const float* weights_ = nullptr;
  const uint8_t* gate_w_ = nullptr;
  const uint8_t* up_w_ = nullptr;
  const uint8_t* down_w_ = nullptr;
  float* out_ = nullptr;
  uint8_t* quantised_ = nullptr;
  uint8_t* hidden_ = nullptr;
  float* products_ = nullptr;
  int64_t tokens_ = 0, used_ = 0, pairs_ = 0, up_step_ = 2, down_step_ = 1;
  bool few_ = false;
};

}  // namespace

void register_moe(KernelTable& table) {
  add_product_rows(table, "moe", [](const NodeDesc& node, const ProductVariant& variant) { return std::make_unique<Moe>(node, variant); });
}

}  // namespace tensorplan
