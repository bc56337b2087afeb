// Rows of a stored weight as f32, whatever its type and layout.
#pragma once

#include <algorithm>
#include <cstring>

#include "formats/format.h"
#include "formats/half.h"

namespace tensorplan {

// Group of 16 rows (see formats/format.h) → `rows` f32 rows, `stride` apart.
inline void decode_x16_group(const uint8_t* group, DType dtype, int64_t columns, int64_t rows, float* to, int64_t stride) {
  static const int8_t kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  const auto half_at = [](const uint8_t* p, int64_t i) {
    uint16_t h;
    std::memcpy(&h, p + 2 * i, 2);
    return h;
  };
  if (dtype == DType::q8_0 || dtype == DType::iq4_nl) {
    const bool q8 = dtype == DType::q8_0;
    for (int64_t k = 0; k < columns; k += 32, group += q8 ? 544 : 288) {
      for (int64_t n = 0; n < rows; n++) {
        const float scale = tp_f16_to_f32(half_at(group, n));
        const uint8_t* codes = group + 32 + 4 * n;
        float* out = to + n * stride + k;
        if (q8)
          for (int64_t g = 0; g < 8; g++)
            for (int64_t i = 0; i < 4; i++) out[4 * g + i] = scale * static_cast<float>(codes[64 * g + i] - 128);
        else
          for (int64_t g = 0; g < 4; g++)
            for (int64_t i = 0; i < 4; i++) {
              out[4 * g + i] = scale * kLevels[codes[64 * g + i] & 15];
              out[4 * g + i + 16] = scale * kLevels[codes[64 * g + i] >> 4];
            }
      }
    }
    return;
  }
  for (int64_t k = 0; k < columns; k++)
    for (int64_t n = 0; n < rows; n++) {
      const int64_t at = 16 * k + n;
      float value;
      if (dtype == DType::f32)
        std::memcpy(&value, group + 4 * at, 4);
      else
        value = dtype == DType::f16 ? tp_f16_to_f32(half_at(group, at)) : tp_bf16_to_f32(half_at(group, at));
      to[n * stride + k] = value;
    }
}

// Matrix number `index` of a [matrices, rows, columns] weight → f32 [rows][stride], zeros behind the columns.
inline void decode_matrix(const uint8_t* weight, DType dtype, Layout layout, int64_t index, int64_t rows, int64_t columns, float* to,
                          int64_t stride) {
  const Format& format = format_of(dtype);
  weight += static_cast<size_t>(index) * matrix_bytes(dtype, layout, rows, columns);
  const size_t bytes = row_bytes(dtype, columns);
  for (int64_t r = 0; r < rows; r++) std::fill(to + r * stride + columns, to + (r + 1) * stride, 0.0f);
  if (layout == Layout::rows) {
    for (int64_t r = 0; r < rows; r++) format.decode_row(weight + static_cast<size_t>(r) * bytes, columns, to + r * stride);
    return;
  }
  for (int64_t r = 0; r < rows; r += kGroupRows)
    decode_x16_group(weight + static_cast<size_t>(r) * bytes, dtype, columns, std::min<int64_t>(kGroupRows, rows - r), to + r * stride,
                     stride);
}

}  // namespace tensorplan
