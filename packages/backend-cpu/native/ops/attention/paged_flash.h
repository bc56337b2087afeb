// Flash attention over paged caches for grouped heads (H query heads share KV key heads) and for latent caches (all heads share one row,
// whose values are a part of it). Every query runs over its spans, within a span over tiles of 64 rows, both ascending.
//
// Two ways to schedule the same arithmetic: `split` makes a chunk of each (block of tokens, key head, span) and combines partial results,
// kept in the workspace, in a second stage; otherwise a chunk takes a (block, key head) through all its spans.
#pragma once

#include "ops/attention/flash_unit.h"
#include "ops/attention/tile_work.h"
#include "ops/common/row_chunks.h"

namespace tensorplan {

class PagedFlash final : public Kernel {
 public:
  PagedFlash(const tp_flash_unit* unit, const FlashShape& shape, bool split, std::unique_ptr<TileWork> work);

  // Queries (tokens × heads that share a key head) of the largest block.
  static int64_t most_queries(const FlashShape& shape);

  size_t scratch_bytes() const override;
  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override;
  int stages() const override { return split_ ? 2 : 1; }
  int64_t chunks(int stage) override;
  void run(int stage, int64_t chunk, Worker& worker) override;

 private:
  struct Scratch {
    QueryStates all, span;
    uint8_t* work;
  };
  Scratch lay_out(ScratchCutter& cut) const;

  // Computes one span of a block; false if no query of the block sees a row of it.
  bool span(const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states, uint8_t* work) const;
  void run_all_spans(const QueryBlock& block, int64_t key_head, const Scratch& s) const;
  void run_one_span(const QueryBlock& block, int64_t key_head, int64_t index, const Scratch& s) const;
  void combine(int64_t row, const Scratch& s) const;
  void write(int64_t row, const float* acc, float sum) const;

  // Partial result of (token, head, span): acc, then max, then sum.
  float* partial(int64_t row, int64_t span) const { return partials_ + (row * kMaxSpans + span) * (stride_ + 16); }

  const tp_flash_unit* unit_;
  FlashShape shape_;
  bool split_;
  std::unique_ptr<TileWork> work_;
  int64_t group_, most_tokens_, stride_;

  Paging paging_;
  float *out_ = nullptr, *partials_ = nullptr;
  RowChunks combine_rows_;
};

}  // namespace tensorplan
