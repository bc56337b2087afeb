// Multi-head latent attention with keys and values made again from the latent rows, for many queries of a sequence at once:
// k_j = [k_up[h]·c_j | r_j], v_j = v_b[h]·c_j, then causal softmax attention.
//
// A chunk is (block of up to 512 tokens of one sequence, head). It decodes the head's weights, and for each tile of 64 cache rows makes
// keys and values once for all queries of the block. A query's state runs over the tiles in ascending order.
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "ops/attention/flash_unit.h"
#include "ops/attention/paging.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"
#include "ops/common/per_isa.h"
#include "ops/common/scratch_cutter.h"
#include "ops/mla_decompressed_attention/decode_weight.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
}

namespace tensorplan {
namespace {

constexpr int64_t kMostTokens = 512;

int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }

class MlaDecompressedAttention final : public Kernel {
 public:
  MlaDecompressedAttention(const tp_flash_unit* unit, const NodeDesc& node)
      : unit_(unit), nope_(part_of(node.attrs, "nope")), rope_(part_of(node.attrs, "rope")), latent_(part_of(node.attrs, "latent")) {
    heads_ = fixed_axis_size(node, "q", 1);
    q_width_ = fixed_axis_size(node, "q", 2);
    row_width_ = fixed_axis_size(node, "cache", 1);
    value_width_ = fixed_axis_size(node, "v_b", 1);
    dtype_ = node.inputs.at("cache").dtype;
    scale_ = static_cast<float>(node.attrs.number("scale", 1));
    if (!nope_.present() || !rope_.present() || !latent_.present() || nope_.size + rope_.size != q_width_ ||
        latent_.size + rope_.size != row_width_)
      throw std::invalid_argument(node.id + ": 'nope', 'rope' and 'latent' must be the parts of the query and of the cache row");
    // The row's other part is the rotated key.
    row_rope_ = latent_.start == 0 ? latent_.size : 0;
  }

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

  int64_t chunks(int) override {
    int64_t blocks = 0;
    for (int64_t t = 0; t < paging_.tokens; blocks++) t += block(t).count;
    return blocks * heads_;
  }

  void run(int, int64_t chunk, Worker& worker) override {
    ScratchCutter cut(worker.scratch);
    const Scratch s = lay_out(cut);
    const int64_t head = chunk % heads_;
    QueryBlock tokens = block(0);
    for (int64_t i = 0; i < chunk / heads_; i++) tokens = block(tokens.first + tokens.count);
    decode_matrix(k_up_.data, k_up_.dtype, k_up_.layout, head, nope_.size, latent_.size, s.k_up, padded(latent_.size));
    decode_matrix(v_b_.data, v_b_.dtype, v_b_.layout, head, value_width_, latent_.size, s.v_b, padded(latent_.size));
    load_queries(tokens, head, s);
    std::fill_n(s.max, tokens.count, -INFINITY);
    std::fill_n(s.sum, tokens.count, 0.0f);
    std::fill_n(s.acc, tokens.count * padded(value_width_), 0.0f);
    int64_t tiles = 0;
    for (int64_t t = 0; t < tokens.count; t++) tiles = std::max(tiles, paging_.tiles(tokens.first + t));
    for (int64_t i = 0; i < tiles; i++) run_tile(tokens, i, s);
    for (int64_t t = 0; t < tokens.count; t++)
      unit_->finish(s.acc + t * padded(value_width_), s.sum[t], out_ + ((tokens.first + t) * heads_ + head) * value_width_, value_width_);
  }

 private:
  struct Scratch {
    float *k_up, *v_b, *q, *row, *latent, *k, *v, *p, *max, *sum, *acc;
    int32_t* limits;
  };

  Scratch lay_out(ScratchCutter& cut) const {
    Scratch s;
    s.k_up = cut.floats((nope_.size + 4) * padded(latent_.size));  // the last group of 4 rows may be read past its end
    s.v_b = cut.floats((value_width_ + 4) * padded(latent_.size));
    s.q = cut.floats(kMostTokens * padded(q_width_));
    s.row = cut.floats(padded(row_width_));
    s.latent = cut.floats(kPageRows * padded(latent_.size));
    s.k = cut.floats(kPageRows * padded(q_width_) + 16);
    s.v = cut.floats(kPageRows * padded(value_width_) + 16);
    s.p = cut.floats(kMostTokens * kPageRows);
    s.max = cut.floats(kMostTokens);
    s.sum = cut.floats(kMostTokens);
    s.acc = cut.floats(kMostTokens * padded(value_width_));
    s.limits = cut.ints(kMostTokens);
    return s;
  }

  // Consecutive tokens of one sequence.
  QueryBlock block(int64_t first) const {
    QueryBlock b{first, 1};
    while (b.count < kMostTokens && first + b.count < paging_.tokens && paging_.sequence_of[first + b.count] == paging_.sequence_of[first])
      b.count++;
    return b;
  }

  // Queries as [nope | rope | zeros].
  void load_queries(const QueryBlock& tokens, int64_t head, const Scratch& s) const {
    for (int64_t t = 0; t < tokens.count; t++) {
      const float* from = q_ + ((tokens.first + t) * heads_ + head) * q_width_;
      float* to = s.q + t * padded(q_width_);
      std::memcpy(to, from + nope_.start, sizeof(float) * static_cast<size_t>(nope_.size));
      std::memcpy(to + nope_.size, from + rope_.start, sizeof(float) * static_cast<size_t>(rope_.size));
      std::fill(to + q_width_, to + padded(q_width_), 0.0f);
    }
  }

  // out[row][n] = c[row] · w[n], 64 columns at a time.
  void project(const float* w, int64_t columns, int64_t rows, const Scratch& s, float* out, int64_t out_stride) const {
    tp_flash_tile product = {};
    product.q = s.latent;
    product.queries = rows;
    product.q_stride = product.k_stride = product.d = padded(latent_.size);
    product.scale = 1;
    product.p_stride = out_stride;
    for (int64_t n = 0; n < columns; n += kPageRows) {
      product.k = w + n * product.k_stride;
      product.p = out + n;
      unit_->scores(&product, std::min(kPageRows, columns - n));
    }
  }

  void run_tile(const QueryBlock& tokens, int64_t index, const Scratch& s) const {
    int32_t rows = 0;
    int64_t skipped = tokens.count;  // leading queries that see nothing of this tile
    for (int64_t t = 0; t < tokens.count; t++) {
      s.limits[t] = paging_.limit(tokens.first + t, index);
      rows = std::max(rows, s.limits[t]);
      if (s.limits[t] > 0) skipped = std::min(skipped, t);
    }
    if (rows == 0) return;
    const size_t bytes = row_bytes(dtype_, row_width_);
    const uint8_t* from = cache_ + static_cast<size_t>(paging_.first_row(tokens.first, index)) * bytes;
    const int64_t k_stride = padded(q_width_), latent_stride = padded(latent_.size);
    for (int32_t r = 0; r < rows; r++) {
      unit_->load_rows(static_cast<int>(dtype_), from + static_cast<size_t>(r) * bytes, 0, 1, row_width_, s.row, 0);
      float* c = s.latent + r * latent_stride;
      std::memcpy(c, s.row + latent_.start, sizeof(float) * static_cast<size_t>(latent_.size));
      std::fill(c + latent_.size, c + latent_stride, 0.0f);
      // Kept where the projection won't reach it: copied into the key afterwards.
      std::memcpy(s.p + r * rope_.size, s.row + row_rope_, sizeof(float) * static_cast<size_t>(rope_.size));
    }
    project(s.k_up, nope_.size, rows, s, s.k, k_stride);
    for (int32_t r = 0; r < rows; r++) {
      float* k = s.k + r * k_stride;
      std::memcpy(k + nope_.size, s.p + r * rope_.size, sizeof(float) * static_cast<size_t>(rope_.size));
      std::fill(k + q_width_, k + k_stride, 0.0f);
    }
    project(s.v_b, value_width_, rows, s, s.v, padded(value_width_));

    tp_flash_tile tile = {};
    tile.q = s.q + skipped * k_stride;
    tile.q_stride = tile.k_stride = k_stride;
    tile.queries = tokens.count - skipped;
    tile.k = s.k;
    tile.d = q_width_;
    tile.v = s.v;
    tile.v_stride = tile.dv = tile.acc_stride = padded(value_width_);
    tile.limits = s.limits + skipped;
    tile.scale = scale_;
    tile.max = s.max + skipped;
    tile.sum = s.sum + skipped;
    tile.acc = s.acc + skipped * tile.acc_stride;
    tile.p = s.p;
    tile.p_stride = kPageRows;
    unit_->tile(&tile);
  }

  const tp_flash_unit* unit_;
  Part nope_, rope_, latent_;
  int64_t heads_, q_width_, row_width_, value_width_, row_rope_;
  DType dtype_;
  float scale_;
  Paging paging_;
  const float* q_ = nullptr;
  const uint8_t* cache_ = nullptr;
  Operand k_up_, v_b_;
  float* out_ = nullptr;
};

}  // namespace

void register_mla_decompressed_attention(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  for (const char* layout : {"x16", "rows"})  // read from the operands
    add_per_isa(table, std::string("mla_decompressed_attention.") + layout, units, [](const tp_flash_unit* unit, const NodeDesc& node) {
      return std::make_unique<MlaDecompressedAttention>(unit, node);
    });
}

}  // namespace tensorplan
