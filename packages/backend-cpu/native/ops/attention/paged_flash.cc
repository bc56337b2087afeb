#include "ops/attention/paged_flash.h"

#include <cmath>
#include <cstring>

#include "formats/format.h"
#include "ops/common/scratch_cutter.h"

namespace tensorplan {

static_assert(static_cast<int>(DType::f32) == TP_DTYPE_F32 && static_cast<int>(DType::f16) == TP_DTYPE_F16 &&
              static_cast<int>(DType::bf16) == TP_DTYPE_BF16 && static_cast<int>(DType::q8_0) == TP_DTYPE_Q8_0);
static_assert(kPageRows == TP_TILE_ROWS);

namespace {
constexpr int64_t kWantedQueries = 64;  // queries × heads of a block: enough to pay for reading and widening a tile
int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }
}  // namespace

PagedFlash::PagedFlash(const tp_flash_unit* unit, const FlashShape& shape, bool split) : unit_(unit), shape_(shape), split_(split) {
  group_ = shape.heads / shape.key_heads;
  most_tokens_ = std::max<int64_t>(1, kWantedQueries / group_);
  most_queries_ = most_tokens_ * group_;
  d_padded_ = padded(shape.d);
  dv_padded_ = padded(shape.dv);
  key_head_bytes_ = row_bytes(shape.key_type, shape.d);
  key_row_bytes_ = key_head_bytes_ * static_cast<size_t>(shape.key_heads);
  value_head_bytes_ = shape.latent ? 0 : row_bytes(shape.value_type, shape.dv);
  value_row_bytes_ = value_head_bytes_ * static_cast<size_t>(shape.key_heads);
}

PagedFlash::Scratch PagedFlash::scratch(uint8_t* memory, size_t* bytes) const {
  ScratchCutter cut(memory);
  const int64_t queries = most_queries_;
  Scratch s;
  s.q = cut.floats(queries * d_padded_);
  s.k = cut.floats(kPageRows * d_padded_ + 16);  // a part that isn't padded may be read up to 15 values past its end
  s.v = cut.floats(shape_.latent ? 0 : kPageRows * dv_padded_);
  s.p = cut.floats(queries * kPageRows);
  s.limits = cut.ints(queries);
  s.max = cut.floats(queries);
  s.sum = cut.floats(queries);
  s.acc = cut.floats(queries * dv_padded_);
  s.all_max = cut.floats(queries);
  s.all_sum = cut.floats(queries);
  s.all_acc = cut.floats(queries * dv_padded_);
  if (bytes) *bytes = cut.used();
  return s;
}

size_t PagedFlash::scratch_bytes() const {
  size_t bytes = 0;
  scratch(nullptr, &bytes);
  return bytes;
}

void PagedFlash::bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) {
  paging_.bind(operands);
  q_ = operands.at("q").as<const float>();
  k_ = operands.at(shape_.latent ? "cache" : "k").data;
  v_ = shape_.latent ? nullptr : operands.at("v").data;
  out_ = operands.at("out").as<float>();
  partials_ = reinterpret_cast<float*>(workspace);
  combine_rows_.set(paging_.tokens * shape_.heads, dv_padded_ * kMaxSpans, 32768);
}

int64_t PagedFlash::chunks(int stage) {
  if (stage == 1) return combine_rows_.count();
  return count_blocks(paging_, most_tokens_) * shape_.key_heads * (split_ ? kMaxSpans : 1);
}

void PagedFlash::run(int stage, int64_t chunk, Worker& worker) {
  const Scratch s = scratch(worker.scratch, nullptr);
  if (stage == 1) {
    for (int64_t row = combine_rows_.begin(chunk); row < combine_rows_.end(chunk); row++) combine(row, s);
    return;
  }
  const int64_t index = split_ ? chunk % kMaxSpans : 0, rest = split_ ? chunk / kMaxSpans : chunk;
  const int64_t key_head = rest % shape_.key_heads;
  const QueryBlock block = nth_block(paging_, rest / shape_.key_heads, most_tokens_);
  if (split_)
    run_one_span(block, key_head, index, s);
  else
    run_all_spans(block, key_head, s);
}

void PagedFlash::load_queries(const QueryBlock& block, int64_t key_head, const Scratch& s) const {
  float* to = s.q;
  for (int64_t t = block.first; t < block.first + block.count; t++) {
    const float* from = q_ + (t * shape_.heads + key_head * group_) * shape_.d;
    for (int64_t g = 0; g < group_; g++, from += shape_.d, to += d_padded_) {
      std::memcpy(to, from, sizeof(float) * static_cast<size_t>(shape_.d));
      std::fill(to + shape_.d, to + d_padded_, 0.0f);
    }
  }
}

bool PagedFlash::span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s, float* max, float* sum,
                      float* acc) const {
  const int64_t queries = block.count * group_;
  int64_t last = 0;  // tiles that some query sees
  for (int64_t t = block.first; t < block.first + block.count; t++) last = std::max(last, paging_.tiles(t));
  const int64_t size = span_tiles(paging_.tiles(block.first));
  const int64_t begin = index * size, end = std::min(last, begin + size);
  std::fill_n(max, queries, -INFINITY);
  std::fill_n(sum, queries, 0.0f);
  if (begin >= end) return false;
  std::fill_n(acc, queries * dv_padded_, 0.0f);
  tp_flash_tile tile = {};
  tile.q = s.q;
  tile.q_stride = tile.k_stride = d_padded_;
  tile.queries = queries;
  tile.k = s.k;
  tile.d = shape_.d;
  tile.v = shape_.latent ? s.k + shape_.value_start : s.v;
  tile.v_stride = shape_.latent ? d_padded_ : dv_padded_;
  tile.dv = dv_padded_;
  tile.limits = s.limits;
  tile.scale = shape_.scale;
  tile.max = max;
  tile.sum = sum;
  tile.acc = acc;
  tile.acc_stride = dv_padded_;
  tile.p = s.p;
  tile.p_stride = kPageRows;
  for (int64_t i = begin; i < end; i++) {
    int32_t rows = 0;
    for (int64_t t = 0; t < block.count; t++) {
      const int32_t limit = paging_.limit(block.first + t, i);
      rows = std::max(rows, limit);
      std::fill_n(s.limits + t * group_, group_, limit);
    }
    const size_t first = static_cast<size_t>(paging_.first_row(block.first, i));
    unit_->load_rows(static_cast<int>(shape_.key_type), k_ + first * key_row_bytes_ + static_cast<size_t>(key_head) * key_head_bytes_,
                     static_cast<int64_t>(key_row_bytes_), rows, shape_.d, s.k, d_padded_);
    if (!shape_.latent)
      unit_->load_rows(static_cast<int>(shape_.value_type),
                       v_ + first * value_row_bytes_ + static_cast<size_t>(key_head) * value_head_bytes_,
                       static_cast<int64_t>(value_row_bytes_), rows, shape_.dv, s.v, dv_padded_);
    unit_->tile(&tile);
  }
  return true;
}

void PagedFlash::run_all_spans(const QueryBlock& block, int64_t key_head, const Scratch& s) const {
  load_queries(block, key_head, s);
  const int64_t queries = block.count * group_;
  span(block, key_head, 0, s, s.all_max, s.all_sum, s.all_acc);
  for (int64_t i = 1; i < kMaxSpans; i++) {
    if (!span(block, key_head, i, s, s.max, s.sum, s.acc)) break;
    for (int64_t m = 0; m < queries; m++)
      unit_->fold(s.all_max + m, s.all_sum + m, s.all_acc + m * dv_padded_, s.max[m], s.sum[m], s.acc + m * dv_padded_, dv_padded_);
  }
  for (int64_t m = 0; m < queries; m++) {
    const int64_t token = block.first + m / group_, head = key_head * group_ + m % group_;
    unit_->finish(s.all_acc + m * dv_padded_, s.all_sum[m], out_ + (token * shape_.heads + head) * shape_.dv, shape_.dv);
  }
}

void PagedFlash::run_one_span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s) const {
  load_queries(block, key_head, s);
  if (!span(block, key_head, index, s, s.max, s.sum, s.acc)) return;
  for (int64_t m = 0; m < block.count * group_; m++) {
    const int64_t token = block.first + m / group_, head = key_head * group_ + m % group_;
    float* to = partial(token * shape_.heads + head, index);
    std::memcpy(to, s.acc + m * dv_padded_, sizeof(float) * static_cast<size_t>(dv_padded_));
    to[dv_padded_] = s.max[m];
    to[dv_padded_ + 1] = s.sum[m];
  }
}

void PagedFlash::combine(int64_t row, const Scratch& s) const {
  const int64_t tiles = paging_.tiles(row / shape_.heads), size = span_tiles(tiles);
  const float* first = partial(row, 0);
  std::memcpy(s.all_acc, first, sizeof(float) * static_cast<size_t>(dv_padded_));
  float max = first[dv_padded_], sum = first[dv_padded_ + 1];
  for (int64_t i = 1; i * size < tiles; i++) {
    const float* later = partial(row, i);
    unit_->fold(&max, &sum, s.all_acc, later[dv_padded_], later[dv_padded_ + 1], later, dv_padded_);
  }
  unit_->finish(s.all_acc, sum, out_ + row * shape_.dv, shape_.dv);
}

}  // namespace tensorplan
