// 32 four-bit codes into a fixed code book that share one f16 scale. Byte i of a block holds code i in its low, code i + 16 in its high
// half.
#include <cmath>
#include <cstring>

#include "formats/format.h"
#include "formats/half.h"

namespace tensorplan {
namespace {

constexpr int64_t kBlock = 32, kBytes = 18;
constexpr int8_t kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void decode_row(const uint8_t* row, int64_t columns, float* out) {
  for (int64_t b = 0; b < columns / kBlock; b++, row += kBytes, out += kBlock) {
    uint16_t half;
    std::memcpy(&half, row, sizeof half);
    const float scale = tp_f16_to_f32(half);
    for (int i = 0; i < kBlock / 2; i++) {
      out[i] = scale * kLevels[row[2 + i] & 15];
      out[i + kBlock / 2] = scale * kLevels[row[2 + i] >> 4];
    }
  }
}

// Doubles throughout, so that the codes equal those of the reference encoder in `ir`.
int nearest_level(double x) {
  int best = 0;
  for (int i = 1; i < 16; i++)
    if (std::fabs(x - kLevels[i]) < std::fabs(x - kLevels[best])) best = i;
  return best;
}

struct Fit {
  double scale, gain;
};

// Least squares for one starting scale, errors weighted by x².
Fit fit(const float* values, double inverse) {
  double cross = 0, norm = 0;
  for (int i = 0; i < kBlock; i++) {
    const double x = values[i];
    const double level = kLevels[nearest_level(x * inverse)];
    cross += x * x * x * level;
    norm += x * x * level * level;
  }
  return norm > 0 ? Fit{cross / norm, (cross * cross) / norm} : Fit{0, 0};
}

double best_scale(const float* values) {
  double extreme = 0;
  for (int i = 0; i < kBlock; i++)
    if (std::fabs(values[i]) > std::fabs(extreme)) extreme = values[i];
  if (extreme == 0) return 0;
  Fit best{0, -1};
  for (int step = -7; step <= 7; step++) {
    for (const double level : {double(kLevels[0]), double(kLevels[15])}) {
      const Fit candidate = fit(values, (step + level) / extreme);
      if (candidate.gain > best.gain) best = candidate;
    }
  }
  return best.scale;
}

void encode_row(const float* in, int64_t columns, uint8_t* row) {
  for (int64_t b = 0; b < columns / kBlock; b++, row += kBytes, in += kBlock) {
    const uint16_t half = tp_f32_to_f16(static_cast<float>(best_scale(in)));
    std::memcpy(row, &half, sizeof half);
    const double rounded = tp_f16_to_f32(half);
    const double inverse = rounded == 0 ? 0 : 1 / rounded;
    for (int i = 0; i < kBlock / 2; i++)
      row[2 + i] = static_cast<uint8_t>(nearest_level(in[i] * inverse) | nearest_level(in[i + kBlock / 2] * inverse) << 4);
  }
}

void pack_x16(const uint8_t* rows, size_t stride, int count, int64_t columns, uint8_t* group) {
  constexpr int64_t kGroupBytes = kGroupRows * kBytes;
  for (int64_t b = 0; b < columns / kBlock; b++, group += kGroupBytes) {
    uint8_t* codes = group + 2 * kGroupRows;
    for (int n = 0; n < kGroupRows; n++) {
      uint16_t scale = 0;
      uint32_t words[4] = {};
      if (n < count) {
        const uint8_t* block = rows + n * stride + b * kBytes;
        std::memcpy(&scale, block, sizeof scale);
        std::memcpy(words, block + 2, sizeof words);
      }
      std::memcpy(group + 2 * n, &scale, sizeof scale);
      for (int g = 0; g < 4; g++) std::memcpy(codes + 64 * g + 4 * n, &words[g], sizeof words[g]);
    }
  }
}

}  // namespace

const Format kFormatIq4Nl = {DType::iq4_nl, "iq4_nl", kBlock, kBytes, true, decode_row, encode_row, pack_x16};

}  // namespace tensorplan
