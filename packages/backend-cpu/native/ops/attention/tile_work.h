// What is done with one tile of cache rows for a block of queries: how queries are prepared, how scores and values are computed. Scheduling
// and the running state belong to PagedFlash.
#pragma once

#include "ops/attention/paging.h"
#include "ops/common/scratch_cutter.h"

namespace tensorplan {

struct FlashShape {
  int64_t heads = 1, key_heads = 1;  // of queries; of the cache
  int64_t d = 0, dv = 0;             // width of keys and of values
  bool latent = false;               // values are columns [value_start, value_start + dv) of the key row
  int64_t value_start = 0;
  DType key_type = DType::f32, value_type = DType::f32;
  float scale = 1;
  int64_t group() const { return heads / key_heads; }
};

// State of a block's queries, query m = (token of the block) · group + (head of the group).
struct QueryStates {
  float *max, *sum;  // −inf and 0 at first
  float* acc;        // [queries][acc_stride], 0 at first
};

class TileWork {
 public:
  virtual ~TileWork() = default;
  // Floats of a query's `acc`, a multiple of 16, and where in it the dv values begin.
  virtual int64_t acc_stride() const = 0;
  virtual int64_t acc_offset() const { return 0; }
  // Scratch of a block of `queries` queries; the other functions cut it the same way.
  virtual size_t scratch_bytes(int64_t queries) const = 0;
  virtual void bind(const std::map<std::string, Operand>& operands) = 0;
  virtual void load_queries(const Paging& paging, const QueryBlock& block, int64_t key_head, uint8_t* scratch) const = 0;
  // Takes tile `index` of the block's sequence into the states. Some query sees at least one row of it.
  virtual void take(const Paging& paging, const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states,
                    uint8_t* scratch) const = 0;
};

}  // namespace tensorplan
