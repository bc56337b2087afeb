#include <cstring>

#include "formats/half.h"
#include "formats/plain.h"

namespace tensorplan {
namespace {

void decode_row(const uint8_t* row, int64_t columns, float* out) {
  for (int64_t i = 0; i < columns; i++) {
    uint16_t half;
    std::memcpy(&half, row + 2 * i, sizeof half);
    out[i] = tp_bf16_to_f32(half);
  }
}

void encode_row(const float* in, int64_t columns, uint8_t* row) {
  for (int64_t i = 0; i < columns; i++) {
    const uint16_t half = tp_f32_to_bf16(in[i]);
    std::memcpy(row + 2 * i, &half, sizeof half);
  }
}

}  // namespace

const Format kFormatBf16 = {DType::bf16, "bf16", 1, 2, false, decode_row, encode_row, pack_plain_x16<uint16_t>};

}  // namespace tensorplan
