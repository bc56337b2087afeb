#include "ops/latent_attention/latent_q8_work.h"

#include "formats/format.h"

namespace tensorplan {

LatentQ8Work::LatentQ8Work(const tp_latent_q8_unit* unit, const FlashShape& shape, int64_t most_queries)
    : unit_(unit), shape_(shape), most_queries_(most_queries), blocks_(shape.d / 32), value_block_(shape.value_start / 32),
      value_blocks_((shape.value_start + shape.dv + 31) / 32 - value_block_) {}

LatentQ8Work::Scratch LatentQ8Work::lay_out(ScratchCutter& cut, int64_t queries) const {
  Scratch s = {};
  s.codes = reinterpret_cast<int8_t*>(cut.bytes(static_cast<size_t>(2 * queries * shape_.d)));
  s.scales = cut.floats(2 * queries * blocks_);
  s.starts = cut.ints(2 * queries * blocks_);
  s.rest = cut.floats(shape_.d);
  s.limits = cut.ints(queries);
  s.tile.p = cut.floats(queries * kPageRows);
  s.tile.factors = cut.floats(2 * queries);
  s.tile.keys = cut.bytes(static_cast<size_t>(512 * blocks_));
  s.tile.half_scales = reinterpret_cast<uint16_t*>(cut.bytes(static_cast<size_t>(2 * kPageRows * blocks_)));
  s.tile.row_scales = cut.floats(kPageRows * blocks_);
  s.tile.weights = reinterpret_cast<int16_t*>(cut.bytes(static_cast<size_t>(2 * kPageRows * queries)));
  s.tile.values = reinterpret_cast<int16_t*>(cut.bytes(static_cast<size_t>(2 * kPageRows * 32)));
  return s;
}

size_t LatentQ8Work::scratch_bytes(int64_t queries) const {
  ScratchCutter cut(nullptr);
  lay_out(cut, queries);
  return cut.used();
}

void LatentQ8Work::bind(const std::map<std::string, Operand>& operands) {
  q_ = operands.at("q").as<const float>();
  cache_ = operands.at("cache").data;
}

// Over few rows the rounding of a query shows, over many it drowns: queries that see up to kMaxSpans tiles are fine. All tokens of a block
// agree, for their spans are equal.
static bool is_fine(const Paging& paging, const QueryBlock& block) { return span_tiles(paging.tiles(block.first)) == 1; }

void LatentQ8Work::load_queries(const Paging& paging, const QueryBlock& block, int64_t, uint8_t* scratch) const {
  ScratchCutter cut(scratch);
  const Scratch s = lay_out(cut, most_queries_);
  const int64_t queries = block.count * shape_.heads;
  const bool fine = is_fine(paging, block);
  for (int64_t m = 0; m < queries; m++) {
    const float* q = q_ + (block.first * shape_.heads + m) * shape_.d;
    unit_->quantise(q, shape_.d, m, queries, s.codes, s.scales, s.starts, s.rest);
    if (fine) {
      const int64_t at = blocks_ * queries;
      unit_->quantise(s.rest, shape_.d, m, queries, s.codes + 32 * at, s.scales + at, s.starts + at, nullptr);
    }
  }
}

void LatentQ8Work::take(const Paging& paging, const QueryBlock& block, int64_t, int64_t index, const QueryStates& states,
                        uint8_t* scratch) const {
  ScratchCutter cut(scratch);
  const Scratch s = lay_out(cut, most_queries_);
  tp_latent_q8_tile tile = s.tile;
  for (int64_t t = 0; t < block.count; t++) {
    const int32_t limit = paging.limit(block.first + t, index);
    tile.count = std::max(tile.count, limit);
    std::fill_n(s.limits + t * shape_.heads, shape_.heads, limit);
  }
  tile.stride = static_cast<int64_t>(row_bytes(DType::q8_0, shape_.d));
  tile.rows = cache_ + paging.first_row(block.first, index) * tile.stride;
  tile.blocks = blocks_;
  tile.value_block = value_block_;
  tile.value_blocks = value_blocks_;
  tile.codes = s.codes;
  tile.scales = s.scales;
  tile.starts = s.starts;
  tile.queries = block.count * shape_.heads;
  tile.fine = is_fine(paging, block);
  tile.limits = s.limits;
  tile.scale = shape_.scale;
  tile.max = states.max;
  tile.sum = states.sum;
  tile.acc = states.acc;
  unit_->tile(&tile);
}

}  // namespace tensorplan
