#include "ops/mla_decompressed_attention/f32_kernel.h"

#include <cmath>
#include <cstring>

#include "core/integers.h"
#include "ops/common/scratch_cutter.h"
#include "ops/mla_decompressed_attention/decode_weight.h"
#include "ops/mla_decompressed_attention/mla_shape.h"

namespace tensorplan {
namespace {

class MlaDecompressedF32 final : public Kernel {
 public:
  MlaDecompressedF32(const tp_flash_unit* unit, const NodeDesc& node) : unit_(unit), shape_(node) {}

  size_t scratch_bytes() const override {
    ScratchCutter cut(nullptr);
    lay_out(cut);
    return cut.used();
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    paging_.bind(operands);
    q_ = operands.at("q").as<const float>();
    cache_ = operands.at("cache").data;
    k_up_ = operands.at("k_up");
    v_b_ = operands.at("v_b");
    out_ = operands.at("out").as<float>();
  }

  int64_t chunks(int) override { return MlaShape::blocks(paging_) * shape_.heads; }

  void run(int, int64_t chunk, Worker& worker) override {
    ScratchCutter cut(worker.scratch);
    const Scratch s = lay_out(cut);
    const int64_t head = chunk % shape_.heads, width = shape_.value_width, stride = round_up(width, 16);
    const QueryBlock tokens = MlaShape::nth_block(paging_, chunk / shape_.heads);
    const int64_t latent = shape_.latent.size;
    decode_matrix(k_up_.data, k_up_.dtype, k_up_.layout, head, shape_.nope.size, latent, s.k_up, round_up(latent, 16));
    decode_matrix(v_b_.data, v_b_.dtype, v_b_.layout, head, width, latent, s.v_b, round_up(latent, 16));
    load_queries(tokens, head, s);
    std::fill_n(s.max, tokens.count, -INFINITY);
    std::fill_n(s.sum, tokens.count, 0.0f);
    std::fill_n(s.acc, tokens.count * stride, 0.0f);
    int64_t tiles = 0;
    for (int64_t t = 0; t < tokens.count; t++) tiles = std::max(tiles, paging_.tiles(tokens.first + t));
    for (int64_t i = 0; i < tiles; i++) run_tile(tokens, i, s);
    for (int64_t t = 0; t < tokens.count; t++)
      unit_->finish(s.acc + t * stride, s.sum[t], out_ + ((tokens.first + t) * shape_.heads + head) * width, width);
  }

 private:
  struct Scratch {
    float *k_up, *v_b, *q, *row, *latent, *ropes, *k, *v, *p, *max, *sum, *acc;
    int32_t* limits;
  };

  Scratch lay_out(ScratchCutter& cut) const {
    const int64_t most = MlaShape::kMostTokens, latent = round_up(shape_.latent.size, 16);
    Scratch s;
    s.k_up = cut.floats((shape_.nope.size + 4) * latent);  // the last group of 4 rows may be read past its end
    s.v_b = cut.floats((shape_.value_width + 4) * latent);
    s.q = cut.floats(most * round_up(shape_.query_width, 16));
    s.row = cut.floats(round_up(shape_.row_width, 16));
    s.latent = cut.floats(kPageRows * latent);
    s.ropes = cut.floats(kPageRows * shape_.rope.size);
    s.k = cut.floats(kPageRows * round_up(shape_.query_width, 16) + 16);
    s.v = cut.floats(kPageRows * round_up(shape_.value_width, 16) + 16);
    s.p = cut.floats(most * kPageRows);
    s.max = cut.floats(most);
    s.sum = cut.floats(most);
    s.acc = cut.floats(most * round_up(shape_.value_width, 16));
    s.limits = cut.ints(most);
    return s;
  }

  // Queries as [nope | rope | zeros].
  void load_queries(const QueryBlock& tokens, int64_t head, const Scratch& s) const {
    for (int64_t t = 0; t < tokens.count; t++) {
      const float* from = q_ + ((tokens.first + t) * shape_.heads + head) * shape_.query_width;
      float* to = s.q + t * round_up(shape_.query_width, 16);
      std::memcpy(to, from + shape_.nope.start, sizeof(float) * static_cast<size_t>(shape_.nope.size));
      std::memcpy(to + shape_.nope.size, from + shape_.rope.start, sizeof(float) * static_cast<size_t>(shape_.rope.size));
      std::fill(to + shape_.query_width, to + round_up(shape_.query_width, 16), 0.0f);
    }
  }

  // out[row][n] = c[row] · w[n], 64 columns at a time.
  void project(const float* w, int64_t columns, int64_t rows, const Scratch& s, float* out, int64_t out_stride) const {
    tp_flash_tile product = {};
    product.q = s.latent;
    product.queries = rows;
    product.q_stride = product.k_stride = product.d = round_up(shape_.latent.size, 16);
    product.scale = 1;
    product.p_stride = out_stride;
    for (int64_t n = 0; n < columns; n += kPageRows) {
      product.k = w + n * product.k_stride;
      product.p = out + n;
      unit_->scores(&product, std::min(kPageRows, columns - n));
    }
  }

  void run_tile(const QueryBlock& tokens, int64_t index, const Scratch& s) const {
    int64_t first = 0;
    const int32_t rows = MlaShape::tile_limits(paging_, tokens, index, s.limits, &first);
    if (rows == 0) return;
    const size_t bytes = row_bytes(shape_.cache_type, shape_.row_width);
    const uint8_t* from = cache_ + static_cast<size_t>(paging_.first_row(tokens.first, index)) * bytes;
    const int64_t k_stride = round_up(shape_.query_width, 16), latent_stride = round_up(shape_.latent.size, 16);
    for (int32_t r = 0; r < rows; r++) {
      unit_->load_rows(static_cast<int>(shape_.cache_type), from + static_cast<size_t>(r) * bytes, 0, 1, shape_.row_width, s.row, 0);
      float* c = s.latent + r * latent_stride;
      std::memcpy(c, s.row + shape_.latent.start, sizeof(float) * static_cast<size_t>(shape_.latent.size));
      std::fill(c + shape_.latent.size, c + latent_stride, 0.0f);
      std::memcpy(s.ropes + r * shape_.rope.size, s.row + shape_.row_rope, sizeof(float) * static_cast<size_t>(shape_.rope.size));
    }
    project(s.k_up, shape_.nope.size, rows, s, s.k, k_stride);
    for (int32_t r = 0; r < rows; r++) {  // afterwards, for the projection writes up to 3 columns too many
      float* k = s.k + r * k_stride;
      std::memcpy(k + shape_.nope.size, s.ropes + r * shape_.rope.size, sizeof(float) * static_cast<size_t>(shape_.rope.size));
      std::fill(k + shape_.query_width, k + k_stride, 0.0f);
    }
    project(s.v_b, shape_.value_width, rows, s, s.v, round_up(shape_.value_width, 16));

    tp_flash_tile tile = {};
    tile.q = s.q + first * k_stride;
    tile.q_stride = tile.k_stride = k_stride;
    tile.queries = tokens.count - first;
    tile.k = s.k;
    tile.d = shape_.query_width;
    tile.v = s.v;
    tile.v_stride = tile.dv = tile.acc_stride = round_up(shape_.value_width, 16);
    tile.limits = s.limits + first;
    tile.scale = shape_.scale;
    tile.max = s.max + first;
    tile.sum = s.sum + first;
    tile.acc = s.acc + first * tile.acc_stride;
    tile.p = s.p;
    tile.p_stride = kPageRows;
    unit_->tile(&tile);
  }

  const tp_flash_unit* unit_;
  MlaShape shape_;
  Paging paging_;
  const float* q_ = nullptr;
  const uint8_t* cache_ = nullptr;
  Operand k_up_, v_b_;
  float* out_ = nullptr;
};

}  // namespace

std::unique_ptr<Kernel> make_mla_decompressed_f32(const tp_flash_unit* unit, const NodeDesc& node) {
  return std::make_unique<MlaDecompressedF32>(unit, node);
}

}  // namespace tensorplan
