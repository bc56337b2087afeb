// Which (token, chosen expert) pairs each expert has to compute, and how that work is cut into chunks. Built once a step by one thread,
// in memory given by the caller: pairs of an expert stand together in ascending order, so the order depends on the ids alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "ops/matmul/product.h"

namespace tensorplan {

class ExpertLists {
 public:
  // Bytes of `memory` for these sizes; in a row's workspace 12 bytes an expert, 64 more, and 4 a pair cover it.
  static int64_t table_bytes(int64_t experts) { return 12 * experts + 64; }
  static int64_t pair_bytes(int64_t pairs) { return 4 * pairs; }

  void place(uint8_t* tables, uint8_t* pairs, int64_t experts) {
    start_ = reinterpret_cast<int32_t*>(tables);
    chunk_ = start_ + experts + 1;
    active_ = chunk_ + experts + 1;
    pairs_ = reinterpret_cast<int32_t*>(pairs);
    experts_ = experts;
  }

  // ids[pair] in 0…experts-1; throws std::runtime_error otherwise.
  void build(const int32_t* ids, int64_t pairs) {
    std::fill(start_, start_ + experts_ + 1, 0);
    for (int64_t p = 0; p < pairs; p++) {
      if (ids[p] < 0 || ids[p] >= experts_)
        throw std::runtime_error("expert id " + std::to_string(ids[p]) + " is not below " + std::to_string(experts_));
      start_[ids[p] + 1]++;
    }
    active_count_ = 0;
    for (int64_t e = 0; e < experts_; e++) {
      if (start_[e + 1] > 0) active_[active_count_++] = static_cast<int32_t>(e);
      start_[e + 1] += start_[e];
    }
    // chunk_ serves as the write positions for a moment.
    std::copy(start_, start_ + experts_, chunk_);
    for (int64_t p = 0; p < pairs; p++) pairs_[chunk_[ids[p]]++] = static_cast<int32_t>(p);
  }

  // Cuts every expert's pairs into row steps of at most kMaxRowStep and `group_chunks` pieces of columns; returns the number of chunks.
  int64_t cut(int64_t group_chunks) {
    int64_t chunks = 0;
    for (int64_t a = 0; a < active_count_; a++) {
      chunk_[a] = static_cast<int32_t>(chunks);
      chunks += ceil_div(rows(active_[a]), kMaxRowStep) * group_chunks;
    }
    chunk_[active_count_] = static_cast<int32_t>(chunks);
    return chunks;
  }

  struct Piece {
    int64_t expert, first, rows, group_chunk;  // pairs()[first … first+rows-1]
  };
  Piece piece(int64_t chunk) const {
    const int64_t a = std::upper_bound(chunk_, chunk_ + active_count_, static_cast<int32_t>(chunk)) - chunk_ - 1;
    const int64_t expert = active_[a], inside = chunk - chunk_[a];
    const int64_t row_chunks = ceil_div(rows(expert), kMaxRowStep), row_chunk = inside % row_chunks;
    const int64_t first = rows(expert) * row_chunk / row_chunks, end = rows(expert) * (row_chunk + 1) / row_chunks;
    return {expert, start_[expert] + first, end - first, inside / row_chunks};
  }

  const int32_t* pairs() const { return pairs_; }
  int64_t active_count() const { return active_count_; }
  int64_t active(int64_t index) const { return active_[index]; }
  int64_t start(int64_t expert) const { return start_[expert]; }
  int64_t rows(int64_t expert) const { return start_[expert + 1] - start_[expert]; }

 private:
  int32_t* start_ = nullptr;  // [experts + 1]: an expert's first place in pairs_
  int32_t* chunk_ = nullptr;  // [experts + 1]: first chunk of each active expert
  int32_t* active_ = nullptr; // [experts]: those with at least one pair, ascending
  int32_t* pairs_ = nullptr;
  int64_t experts_ = 0, active_count_ = 0;
};

}  // namespace tensorplan
