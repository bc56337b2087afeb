#include "ops/attention/paged_flash.h"

#include <cmath>
#include <cstring>

namespace tensorplan {

namespace {
constexpr int64_t kWantedQueries = 64;  // enough to pay for reading and preparing a tile
}

int64_t PagedFlash::most_queries(const FlashShape& shape) {
  return std::max<int64_t>(1, kWantedQueries / shape.group()) * shape.group();
}

PagedFlash::PagedFlash(const tp_flash_unit* unit, const FlashShape& shape, bool split, std::unique_ptr<TileWork> work)
    : unit_(unit), shape_(shape), split_(split), work_(std::move(work)), group_(shape.group()),
      most_tokens_(most_queries(shape) / group_), stride_(work_->acc_stride()) {}

PagedFlash::Scratch PagedFlash::lay_out(ScratchCutter& cut) const {
  const int64_t queries = most_tokens_ * group_;
  Scratch s;
  for (QueryStates* states : {&s.all, &s.span}) *states = {cut.floats(queries), cut.floats(queries), cut.floats(queries * stride_)};
  s.work = cut.bytes(work_->scratch_bytes(queries));
  return s;
}

size_t PagedFlash::scratch_bytes() const {
  ScratchCutter cut(nullptr);
  lay_out(cut);
  return cut.used();
}

void PagedFlash::bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) {
  paging_.bind(operands);
  work_->bind(operands);
  out_ = operands.at("out").as<float>();
  partials_ = reinterpret_cast<float*>(workspace);
  combine_rows_.set(paging_.tokens * shape_.heads, stride_ * kMaxSpans, 32768);
}

int64_t PagedFlash::chunks(int stage) {
  if (stage == 1) return combine_rows_.count();
  return count_blocks(paging_, most_tokens_) * shape_.key_heads * (split_ ? kMaxSpans : 1);
}

void PagedFlash::run(int stage, int64_t chunk, Worker& worker) {
  ScratchCutter cut(worker.scratch);
  const Scratch s = lay_out(cut);
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

bool PagedFlash::span(const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states, uint8_t* work) const {
  int64_t tiles = 0;  // that some query sees
  for (int64_t t = block.first; t < block.first + block.count; t++) tiles = std::max(tiles, paging_.tiles(t));
  const int64_t size = span_tiles(paging_.tiles(block.first)), begin = index * size, end = std::min(tiles, begin + size);
  if (begin >= end) return false;
  const int64_t queries = block.count * group_;
  std::fill_n(states.max, queries, -INFINITY);
  std::fill_n(states.sum, queries, 0.0f);
  std::fill_n(states.acc, queries * stride_, 0.0f);
  if (index == 0 || split_) work_->load_queries(paging_, block, key_head, work);
  for (int64_t tile = begin; tile < end; tile++) work_->take(paging_, block, key_head, tile, states, work);
  return true;
}

void PagedFlash::write(int64_t row, const float* acc, float sum) const {
  unit_->finish(acc + work_->acc_offset(), sum, out_ + row * shape_.dv, shape_.dv);
}

void PagedFlash::run_all_spans(const QueryBlock& block, int64_t key_head, const Scratch& s) const {
  const int64_t queries = block.count * group_;
  span(block, key_head, 0, s.all, s.work);
  for (int64_t i = 1; i < kMaxSpans && span(block, key_head, i, s.span, s.work); i++) {
    for (int64_t m = 0; m < queries; m++)
      unit_->fold(s.all.max + m, s.all.sum + m, s.all.acc + m * stride_, s.span.max[m], s.span.sum[m], s.span.acc + m * stride_, stride_);
  }
  for (int64_t m = 0; m < queries; m++)
    write((block.first + m / group_) * shape_.heads + key_head * group_ + m % group_, s.all.acc + m * stride_, s.all.sum[m]);
}

void PagedFlash::run_one_span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s) const {
  if (!span(block, key_head, index, s.span, s.work)) return;
  for (int64_t m = 0; m < block.count * group_; m++) {
    float* to = partial((block.first + m / group_) * shape_.heads + key_head * group_ + m % group_, index);
    std::memcpy(to, s.span.acc + m * stride_, sizeof(float) * static_cast<size_t>(stride_));
    to[stride_] = s.span.max[m];
    to[stride_ + 1] = s.span.sum[m];
  }
}

void PagedFlash::combine(int64_t row, const Scratch& s) const {
  const int64_t tiles = paging_.tiles(row / shape_.heads), size = span_tiles(tiles);
  const float* first = partial(row, 0);
  float max = first[stride_], sum = first[stride_ + 1];
  std::memcpy(s.all.acc, first, sizeof(float) * static_cast<size_t>(stride_));
  for (int64_t i = 1; i * size < tiles; i++) {
    const float* later = partial(row, i);
    unit_->fold(&max, &sum, s.all.acc, later[stride_], later[stride_ + 1], later, stride_);
  }
  write(row, s.all.acc, sum);
}

}  // namespace tensorplan
