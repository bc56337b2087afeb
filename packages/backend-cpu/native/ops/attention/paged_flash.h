// Flash attention over paged caches for grouped heads (H query heads share KV key heads) and for latent caches (all heads share one row,
// whose values are a part of it). Every query runs over its spans, within a span over tiles of 64 rows, both ascending.
//
// Two ways to schedule the same arithmetic: `split` makes a chunk of each (block of tokens, key head, span) and combines partial results,
// kept in the workspace, in a second stage; otherwise a chunk takes a (block, key head) through all its spans.
#pragma once

#include "ops/attention/flash_unit.h"
#include "ops/attention/paging.h"
#include "ops/common/row_chunks.h"

namespace tensorplan {

struct FlashShape {
  int64_t heads = 1, key_heads = 1;  // of queries; of the cache
  int64_t d = 0, dv = 0;             // width of keys and of values
  bool latent = false;               // values are columns [value_start, value_start + dv) of the key row
  int64_t value_start = 0;
  DType key_type = DType::f32, value_type = DType::f32;
  float scale = 1;
};

class PagedFlash final : public Kernel {
 public:
  PagedFlash(const tp_flash_unit* unit, const FlashShape& shape, bool split);

  size_t scratch_bytes() const override;
  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override;
  int stages() const override { return split_ ? 2 : 1; }
  int64_t chunks(int stage) override;
  void run(int stage, int64_t chunk, Worker& worker) override;

 private:
  struct Scratch {
    float *q, *k, *v, *p, *max, *sum, *acc, *all_max, *all_sum, *all_acc;
    int32_t* limits;
  };
  Scratch scratch(uint8_t* memory, size_t* bytes) const;

  void load_queries(const QueryBlock& block, int64_t key_head, const Scratch& s) const;
  // Computes one span of a block; false if no query of the block sees a row of it.
  bool span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s, float* max, float* sum, float* acc) const;
  void run_all_spans(const QueryBlock& block, int64_t key_head, const Scratch& s) const;
  void run_one_span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s) const;
  void combine(int64_t row, const Scratch& s) const;

  // Partial result of (token, head, span): acc, then max, then sum.
  float* partial(int64_t row, int64_t span) const { return partials_ + (row * kMaxSpans + span) * (dv_padded_ + 16); }

  const tp_flash_unit* unit_;
  FlashShape shape_;
  bool split_;
  int64_t group_, most_tokens_, most_queries_, d_padded_, dv_padded_;
  size_t key_row_bytes_, value_row_bytes_, key_head_bytes_, value_head_bytes_;

  Paging paging_;
  const float* q_ = nullptr;
  const uint8_t *k_ = nullptr, *v_ = nullptr;
  float *out_ = nullptr, *partials_ = nullptr;
  RowChunks combine_rows_;
};

}  // namespace tensorplan
