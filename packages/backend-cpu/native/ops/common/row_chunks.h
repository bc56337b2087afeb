// Rows of a matrix in chunks of a fixed amount of work.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tensorplan {

struct RowChunks {
  int64_t rows = 0, per_chunk = 1;

  // About `target` elements a chunk.
  void set(int64_t all_rows, int64_t columns, int64_t target = 16384) {
    rows = all_rows;
    per_chunk = std::max<int64_t>(1, target / std::max<int64_t>(1, columns));
  }
  int64_t count() const { return (rows + per_chunk - 1) / per_chunk; }
  int64_t begin(int64_t chunk) const { return chunk * per_chunk; }
  int64_t end(int64_t chunk) const { return std::min(rows, (chunk + 1) * per_chunk); }
};

}  // namespace tensorplan
