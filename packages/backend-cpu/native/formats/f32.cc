#include <cstring>

#include "formats/plain.h"

namespace tensorplan {
namespace {

void decode_row(const uint8_t* row, int64_t columns, float* out) { std::memcpy(out, row, columns * sizeof(float)); }
void encode_row(const float* in, int64_t columns, uint8_t* row) { std::memcpy(row, in, columns * sizeof(float)); }

}  // namespace

const Format kFormatF32 = {DType::f32, "f32", 1, 4, false, decode_row, encode_row, pack_plain_x16<uint32_t>};

}  // namespace tensorplan
