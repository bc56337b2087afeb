#include "ops/attention/f32_tile_work.h"

#include <cstring>

#include "core/integers.h"
#include "formats/format.h"

namespace tensorplan {

static_assert(static_cast<int>(DType::f32) == TP_DTYPE_F32 && static_cast<int>(DType::f16) == TP_DTYPE_F16 &&
              static_cast<int>(DType::bf16) == TP_DTYPE_BF16 && static_cast<int>(DType::q8_0) == TP_DTYPE_Q8_0);
static_assert(kPageRows == TP_TILE_ROWS);

F32TileWork::F32TileWork(const tp_flash_unit* unit, const FlashShape& shape, int64_t most_queries)
    : unit_(unit), shape_(shape), most_queries_(most_queries), d_padded_(round_up(shape.d, 16)), dv_padded_(round_up(shape.dv, 16)) {
  key_head_bytes_ = row_bytes(shape.key_type, shape.d);
  key_row_bytes_ = key_head_bytes_ * static_cast<size_t>(shape.key_heads);
  value_head_bytes_ = shape.latent ? 0 : row_bytes(shape.value_type, shape.dv);
  value_row_bytes_ = value_head_bytes_ * static_cast<size_t>(shape.key_heads);
}

F32TileWork::Scratch F32TileWork::lay_out(ScratchCutter& cut, int64_t queries) const {
  Scratch s;
  s.q = cut.floats(queries * d_padded_);
  s.k = cut.floats(kPageRows * d_padded_ + 16);  // a part that isn't padded may be read up to 15 values past its end
  s.v = cut.floats(shape_.latent ? 0 : kPageRows * dv_padded_);
  s.p = cut.floats(queries * kPageRows);
  s.limits = cut.ints(queries);
  return s;
}

size_t F32TileWork::scratch_bytes(int64_t queries) const {
  ScratchCutter cut(nullptr);
  lay_out(cut, queries);
  return cut.used();
}

void F32TileWork::bind(const std::map<std::string, Operand>& operands) {
  q_ = operands.at("q").as<const float>();
  k_ = operands.at(shape_.latent ? "cache" : "k").data;
  v_ = shape_.latent ? nullptr : operands.at("v").data;
}

void F32TileWork::load_queries(const Paging&, const QueryBlock& block, int64_t key_head, uint8_t* scratch) const {
  ScratchCutter cut(scratch);
  float* to = lay_out(cut, most_queries_).q;
  const int64_t group = shape_.group();
  for (int64_t t = block.first; t < block.first + block.count; t++) {
    const float* from = q_ + (t * shape_.heads + key_head * group) * shape_.d;
    for (int64_t g = 0; g < group; g++, from += shape_.d, to += d_padded_) {
      std::memcpy(to, from, sizeof(float) * static_cast<size_t>(shape_.d));
      std::fill(to + shape_.d, to + d_padded_, 0.0f);
    }
  }
}

void F32TileWork::take(const Paging& paging, const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states,
                       uint8_t* scratch) const {
  ScratchCutter cut(scratch);
  const Scratch s = lay_out(cut, most_queries_);
  const int64_t group = shape_.group();
  int32_t rows = 0;
  for (int64_t t = 0; t < block.count; t++) {
    const int32_t limit = paging.limit(block.first + t, index);
    rows = std::max(rows, limit);
    std::fill_n(s.limits + t * group, group, limit);
  }
  const size_t first = static_cast<size_t>(paging.first_row(block.first, index)), head = static_cast<size_t>(key_head);
  unit_->load_rows(static_cast<int>(shape_.key_type), k_ + first * key_row_bytes_ + head * key_head_bytes_,
                   static_cast<int64_t>(key_row_bytes_), rows, shape_.d, s.k, d_padded_);
  if (!shape_.latent)
    unit_->load_rows(static_cast<int>(shape_.value_type), v_ + first * value_row_bytes_ + head * value_head_bytes_,
                     static_cast<int64_t>(value_row_bytes_), rows, shape_.dv, s.v, dv_padded_);
  tp_flash_tile tile = {};
  tile.q = s.q;
  tile.q_stride = tile.k_stride = d_padded_;
  tile.queries = block.count * group;
  tile.k = s.k;
  tile.d = shape_.d;
  tile.v = shape_.latent ? s.k + shape_.value_start : s.v;
  tile.v_stride = shape_.latent ? d_padded_ : dv_padded_;
  tile.dv = tile.acc_stride = dv_padded_;
  tile.limits = s.limits;
  tile.scale = shape_.scale;
  tile.max = states.max;
  tile.sum = states.sum;
  tile.acc = states.acc;
  tile.p = s.p;
  tile.p_stride = kPageRows;
  unit_->tile(&tile);
}

}  // namespace tensorplan
