// Indices. Decoding to f32 is for messages and tests only.
#include <cstring>

#include "formats/format.h"

namespace tensorplan {
namespace {

void decode_row(const uint8_t* row, int64_t columns, float* out) {
  for (int64_t i = 0; i < columns; i++) {
    int32_t value;
    std::memcpy(&value, row + 4 * i, sizeof value);
    out[i] = static_cast<float>(value);
  }
}

void encode_row(const float* in, int64_t columns, uint8_t* row) {
  for (int64_t i = 0; i < columns; i++) {
    const int32_t value = static_cast<int32_t>(in[i]);
    std::memcpy(row + 4 * i, &value, sizeof value);
  }
}

}  // namespace

const Format kFormatI32 = {DType::i32, "i32", 1, 4, false, decode_row, encode_row, nullptr};

}  // namespace tensorplan
