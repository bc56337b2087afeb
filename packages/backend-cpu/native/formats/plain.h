// x16 packing shared by the plain types (one value a block).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "formats/format.h"

namespace tensorplan {

// [rows][k] → [k][16], in squares of 16 × 16 so that both sides stay in cache lines.
template <class T>
void pack_plain_x16(const uint8_t* rows, size_t stride, int count, int64_t columns, uint8_t* group) {
  T* out = reinterpret_cast<T*>(group);
  for (int64_t first = 0; first < columns; first += 16) {
    const int64_t width = columns - first < 16 ? columns - first : 16;
    for (int n = 0; n < kGroupRows; n++) {
      T line[16] = {};
      if (n < count) std::memcpy(line, rows + n * stride + first * sizeof(T), width * sizeof(T));
      for (int64_t k = 0; k < width; k++) out[(first + k) * kGroupRows + n] = line[k];
    }
  }
}

}  // namespace tensorplan
