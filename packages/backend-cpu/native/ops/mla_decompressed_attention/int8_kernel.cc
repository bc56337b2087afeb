#include "ops/mla_decompressed_attention/int8_kernel.h"

#include <cmath>
#include <cstring>

#include "formats/format.h"
#include "ops/common/scratch_cutter.h"
#include "ops/mla_decompressed_attention/mla_shape.h"

namespace tensorplan {
namespace {

constexpr int64_t kFineTiles = 8;

int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

class MlaDecompressedInt8 final : public Kernel {
 public:
  MlaDecompressedInt8(const tp_mla_unit* unit, LoadRows widen, const NodeDesc& node)
      : unit_(unit), widen_(widen), shape_(node), blocks_(shape_.latent.size / 32), half_(round_up(shape_.query_width, 32) / 2),
        width_(round_up(shape_.value_width, 64)), key_groups_(round_up(shape_.nope.size, kGroupRows) / kGroupRows),
        value_groups_(round_up(shape_.value_width, kGroupRows) / kGroupRows),
        // A score is a sum of 2 · half products and must stay below 2³¹.
        query_most_(static_cast<float>(std::min<int64_t>(TP_MLA_QUERY_MOST, INT32_MAX / (TP_MLA_KEY_MOST * 2 * half_)))) {
    for (const char* name : {"k_up", "v_b"}) {
      const DType dtype = node.inputs.at(name).dtype;
      if (dtype != DType::q8_0 && dtype != DType::iq4_nl) throw std::invalid_argument(node.id + ": " + name + " must be q8_0 or iq4_nl");
    }
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

  int64_t chunks(int) override { return MlaShape::blocks(paging_) * shape_.heads; }

  void run(int, int64_t chunk, Worker& worker) override {
    ScratchCutter cut(worker.scratch);
    const Scratch s = lay_out(cut);
    const int64_t head = chunk % shape_.heads;
    const QueryBlock tokens = MlaShape::nth_block(paging_, chunk / shape_.heads);
    prepare(k_up_, head, shape_.nope.size, s.k_up, s.k_up_scales, s);
    prepare(v_b_, head, shape_.value_width, s.v_b, s.v_b_scales, s);
    load_queries(tokens, head, s);
    std::fill_n(s.max, tokens.count, -INFINITY);
    std::fill_n(s.sum, tokens.count, 0.0f);
    std::fill_n(s.acc, tokens.count * width_, 0.0f);
    std::fill_n(s.v, kPageRows * width_, 0.0f);  // columns that no weight makes
    int64_t tiles = 0;
    for (int64_t t = 0; t < tokens.count; t++) tiles = std::max(tiles, paging_.tiles(tokens.first + t));
    for (int64_t i = 0; i < tiles; i++) run_tile(tokens, i, s);
    for (int64_t t = 0; t < tokens.count; t++) {
      float* out = out_ + ((tokens.first + t) * shape_.heads + head) * shape_.value_width;
      for (int64_t i = 0; i < shape_.value_width; i++) out[i] = s.acc[t * width_ + i] / s.sum[t];
    }
  }

 private:
  struct Scratch {
    uint8_t *k_up, *v_b, *group;
    float *k_up_scales, *v_b_scales;
    int32_t* pairs;                    // queries
    float* query_scales;
    float *max, *sum, *acc;
    float *row, *ropes;                // of the cache: one row; the rotated keys of 64 rows
    int8_t* codes;
    float* scales;
    int32_t* starts;
    float *k, *v;                      // [64][2 · half], [64][width]
    int32_t *key_rows, *keys, *values;
    float *key_scales, *value_scales;
    int32_t* limits;
  };

  Scratch lay_out(ScratchCutter& cut) const {
    const int64_t most = MlaShape::kMostTokens;
    Scratch s;
    s.k_up = cut.bytes(static_cast<size_t>(512 * key_groups_ * blocks_));
    s.v_b = cut.bytes(static_cast<size_t>(512 * value_groups_ * blocks_));
    s.group = cut.bytes(16 * row_bytes(DType::q8_0, shape_.latent.size));
    s.k_up_scales = cut.floats(16 * key_groups_ * blocks_);
    s.v_b_scales = cut.floats(16 * value_groups_ * blocks_);
    s.pairs = cut.ints(most * half_);
    s.query_scales = cut.floats(most);
    s.max = cut.floats(most);
    s.sum = cut.floats(most);
    s.acc = cut.floats(most * width_);
    s.row = cut.floats(round_up(shape_.row_width, 16));
    s.ropes = cut.floats(kPageRows * shape_.rope.size);
    s.codes = reinterpret_cast<int8_t*>(cut.bytes(static_cast<size_t>(2 * kPageRows * 32 * blocks_)));
    s.scales = cut.floats(2 * kPageRows * blocks_);
    s.starts = cut.ints(2 * kPageRows * blocks_);
    s.k = cut.floats(kPageRows * 2 * half_);
    s.v = cut.floats(kPageRows * width_);
    s.key_rows = cut.ints(kPageRows * half_);
    s.keys = cut.ints(kPageRows * half_);
    s.values = cut.ints(kPageRows / 2 * width_);
    s.key_scales = cut.floats(kPageRows);
    s.value_scales = cut.floats(kPageRows);
    s.limits = cut.ints(most);
    return s;
  }

  // The head's matrix [rows, latent] as the products read it.
  void prepare(const Operand& weight, int64_t head, int64_t rows, uint8_t* codes, float* scales, const Scratch& s) const {
    const Format& format = format_of(weight.dtype);
    const size_t bytes = row_bytes(weight.dtype, shape_.latent.size);
    const uint8_t* from = weight.data + static_cast<size_t>(head) * matrix_bytes(weight.dtype, weight.layout, rows, shape_.latent.size);
    for (int64_t r = 0; r < rows; r += kGroupRows) {
      const uint8_t* group = from + static_cast<size_t>(r) * bytes;
      if (weight.layout == Layout::rows) {
        format.pack_x16(group, bytes, static_cast<int>(std::min<int64_t>(kGroupRows, rows - r)), shape_.latent.size, s.group);
        group = s.group;
      }
      unit_->prepare_group(weight.dtype == DType::iq4_nl, group, blocks_, codes + 32 * r * blocks_, scales + r * blocks_);
    }
  }

  void load_queries(const QueryBlock& tokens, int64_t head, const Scratch& s) const {
    for (int64_t t = 0; t < tokens.count; t++) {
      const float* from = q_ + ((tokens.first + t) * shape_.heads + head) * shape_.query_width;
      std::memcpy(s.k, from + shape_.nope.start, sizeof(float) * static_cast<size_t>(shape_.nope.size));
      std::memcpy(s.k + shape_.nope.size, from + shape_.rope.start, sizeof(float) * static_cast<size_t>(shape_.rope.size));
      std::fill(s.k + shape_.query_width, s.k + 2 * half_, 0.0f);
      s.query_scales[t] = unit_->pair_row(s.k, half_, query_most_, s.pairs + t * half_);
    }
  }

  void run_tile(const QueryBlock& tokens, int64_t index, const Scratch& s) const {
    int64_t first = 0;
    const int32_t rows = MlaShape::tile_limits(paging_, tokens, index, s.limits, &first);
    if (rows == 0) return;
    const size_t bytes = row_bytes(shape_.cache_type, shape_.row_width);
    const uint8_t* from = cache_ + static_cast<size_t>(paging_.first_row(tokens.first, index)) * bytes;
    // A q8_0 row is in eight bits already. Others are rounded twice among a sequence's first rows, whose rounding shows in queries that
    // see few rows; among many it drowns.
    const int passes = shape_.cache_type != DType::q8_0 && index < kFineTiles ? 2 : 1;
    // Rows that nobody sees become zeros: what the cache holds there may be anything.
    const bool stored = shape_.cache_type == DType::q8_0 && shape_.latent.start % 32 == 0 && shape_.row_rope % 32 == 0 && shape_.rope.size % 32 == 0;
    const int64_t rope = shape_.rope.size;
    for (int64_t r = 0; r < kPageRows; r++, from += bytes) {
      if (r < rows && stored) {
        unit_->take_q8_0(from + row_bytes(DType::q8_0, shape_.latent.start), shape_.latent.size, r, s.codes, s.scales, s.starts);
        widen_(static_cast<int>(DType::q8_0), from + row_bytes(DType::q8_0, shape_.row_rope), 0, 1, rope, s.ropes + r * rope, 0);
        continue;
      }
      if (r < rows)
        widen_(static_cast<int>(shape_.cache_type), from, 0, 1, shape_.row_width, s.row, 0);
      else
        std::fill_n(s.row, shape_.row_width, 0.0f);
      float* latent = s.row + shape_.latent.start;
      unit_->quantise(latent, shape_.latent.size, r, s.codes, s.scales, s.starts, passes == 2 ? latent : nullptr);
      if (passes == 2) {
        const int64_t at = kPageRows * blocks_;
        unit_->quantise(latent, shape_.latent.size, r, s.codes + 32 * at, s.scales + at, s.starts + at, nullptr);
      }
      std::memcpy(s.ropes + r * rope, s.row + shape_.row_rope, sizeof(float) * static_cast<size_t>(rope));
    }
    unit_->project(s.k_up, s.k_up_scales, key_groups_, blocks_, passes, s.codes, s.scales, s.starts, s.k, 2 * half_);
    for (int64_t r = 0; r < kPageRows; r++) {  // afterwards, for the projection fills whole groups of columns
      float* k = s.k + r * 2 * half_;
      std::memcpy(k + shape_.nope.size, s.ropes + r * rope, sizeof(float) * static_cast<size_t>(rope));
      std::fill(k + shape_.query_width, k + 2 * half_, 0.0f);
    }
    for (int64_t r = 0; r < kPageRows; r++)
      s.key_scales[r] = shape_.scale * unit_->pair_row(s.k + r * 2 * half_, half_, TP_MLA_KEY_MOST, s.key_rows + r * half_);
    unit_->turn(s.key_rows, half_, s.keys);
    unit_->project(s.v_b, s.v_b_scales, value_groups_, blocks_, passes, s.codes, s.scales, s.starts, s.v, width_);
    for (int64_t e = 0; e < kPageRows / 2; e++)
      unit_->pair_values(s.v + e * width_, s.v + (e + kPageRows / 2) * width_, width_, s.values + e * width_, s.value_scales + e,
                         s.value_scales + e + kPageRows / 2);
    tp_mla_queries queries = {};
    queries.count = tokens.count - first;
    queries.half = half_;
    queries.pairs = s.pairs + first * half_;
    queries.scales = s.query_scales + first;
    queries.limits = s.limits + first;
    queries.max = s.max + first;
    queries.sum = s.sum + first;
    queries.acc = s.acc + first * width_;
    queries.width = width_;
    unit_->attend(&queries, s.keys, s.key_scales, s.values, s.value_scales);
  }

  const tp_mla_unit* unit_;
  LoadRows widen_;
  MlaShape shape_;
  int64_t blocks_, half_, width_, key_groups_, value_groups_;
  float query_most_;
  Paging paging_;
  const float* q_ = nullptr;
  const uint8_t* cache_ = nullptr;
  Operand k_up_, v_b_;
  float* out_ = nullptr;
};

}  // namespace

std::unique_ptr<Kernel> make_mla_decompressed_int8(const tp_mla_unit* unit, LoadRows widen, const NodeDesc& node) {
  return std::make_unique<MlaDecompressedInt8>(unit, widen, node);
}

}  // namespace tensorplan
