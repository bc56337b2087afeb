// 32 signed bytes that share one f16 scale: value = d · code.
#include <cmath>
#include <cstring>

#include "formats/format.h"
#include "formats/half.h"

namespace tensorplan {
namespace {

constexpr int64_t kBlock = 32, kBytes = 34;

void decode_row(const uint8_t* row, int64_t columns, float* out) {
  for (int64_t b = 0; b < columns / kBlock; b++, row += kBytes, out += kBlock) {
    uint16_t half;
    std::memcpy(&half, row, sizeof half);
    const float scale = tp_f16_to_f32(half);
    for (int i = 0; i < kBlock; i++) out[i] = scale * static_cast<int8_t>(row[2 + i]);
  }
}

void encode_row(const float* in, int64_t columns, uint8_t* row) {
  for (int64_t b = 0; b < columns / kBlock; b++, row += kBytes, in += kBlock) {
    float largest = 0;
    for (int i = 0; i < kBlock; i++) largest = std::fmax(largest, std::fabs(in[i]));
    const float scale = largest / 127.0f;
    const float inverse = scale == 0 ? 0 : 1.0f / scale;
    const uint16_t half = tp_f32_to_f16(scale);
    std::memcpy(row, &half, sizeof half);
    for (int i = 0; i < kBlock; i++) {
      // Halves away from zero. Clamped because the inverse of a tiny scale may overflow; NaN becomes 0.
      const float code = std::round(in[i] * inverse);
      const float clamped = code > 127.0f ? 127.0f : code < -127.0f ? -127.0f : code == code ? code : 0.0f;
      row[2 + i] = static_cast<uint8_t>(static_cast<int8_t>(clamped));
    }
  }
}

void pack_x16(const uint8_t* rows, size_t stride, int count, int64_t columns, uint8_t* group) {
  constexpr int64_t kGroupBytes = kGroupRows * kBytes;
  for (int64_t b = 0; b < columns / kBlock; b++, group += kGroupBytes) {
    uint8_t* codes = group + 2 * kGroupRows;
    for (int n = 0; n < kGroupRows; n++) {
      uint16_t scale = 0;
      uint32_t words[8] = {};
      if (n < count) {
        const uint8_t* block = rows + n * stride + b * kBytes;
        std::memcpy(&scale, block, sizeof scale);
        std::memcpy(words, block + 2, sizeof words);
      }
      std::memcpy(group + 2 * n, &scale, sizeof scale);
      for (int g = 0; g < 8; g++) {
        const uint32_t biased = words[g] ^ 0x80808080u;
        std::memcpy(codes + 64 * g + 4 * n, &biased, sizeof biased);
      }
    }
  }
}

}  // namespace

const Format kFormatQ8_0 = {DType::q8_0, "q8_0", kBlock, kBytes, true, decode_row, encode_row, pack_x16};

}  // namespace tensorplan
