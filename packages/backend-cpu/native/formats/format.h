// How rows of one element type lie in memory: one file per type beside this one, and the table of all of them. Portable code; kernels
// have their own vectorised readers.
//
// Layout `x16`: rows in groups of 16, a last group padded with zeros. A group takes 16 × the bytes of a file row.
//   f16 bf16 f32   [k][16]
//   q8_0           for each 32-wide block: 16 f16 scales, then 8 vectors of 64 bytes; byte 4n+i of vector g is code[row n][4g+i] + 128
//   iq4_nl         for each 32-wide block: 16 f16 scales, then 4 vectors of 64 bytes; byte 4n+i of vector g holds in its low half the
//                  4-bit code [row n][4g+i], in its high half [row n][16+4g+i]
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernel.h"

namespace tensorplan {

constexpr int kGroupRows = 16;  // rows of an x16 group

struct Format {
  DType dtype;
  const char* name;
  int64_t block;        // values that share a scale; 1 for plain types
  int64_t block_bytes;  // bytes of such a block
  bool quantised;
  // `columns` is a multiple of `block` everywhere.
  void (*decode_row)(const uint8_t* row, int64_t columns, float* out);
  void (*encode_row)(const float* in, int64_t columns, uint8_t* row);
  // Packs `count` (1…16) file rows, `stride` bytes apart, into one group; missing rows become zeros. Null where x16 doesn't exist.
  void (*pack_x16)(const uint8_t* rows, size_t stride, int count, int64_t columns, uint8_t* group);
};

extern const Format kFormatF32, kFormatF16, kFormatBf16, kFormatI32, kFormatQ8_0, kFormatIq4Nl;

const Format& format_of(DType dtype);
// Null for a name that isn't known.
const Format* find_format(const char* name);

inline size_t row_bytes(DType dtype, int64_t columns) {
  const Format& f = format_of(dtype);
  return static_cast<size_t>(columns / f.block * f.block_bytes);
}

// Bytes of a matrix [rows, columns] in the layout, padding included.
inline size_t matrix_bytes(DType dtype, Layout layout, int64_t rows, int64_t columns) {
  const int64_t stored = layout == Layout::x16 ? (rows + kGroupRows - 1) / kGroupRows * kGroupRows : rows;
  return static_cast<size_t>(stored) * row_bytes(dtype, columns);
}

}  // namespace tensorplan
