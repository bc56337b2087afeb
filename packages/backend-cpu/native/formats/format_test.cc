#include "formats/format.h"

#include <cstring>

#include "formats/half.h"
#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

const DType kStorage[] = {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::iq4_nl};

std::vector<uint8_t> encode(DType dtype, const std::vector<float>& row) {
  std::vector<uint8_t> bytes(row_bytes(dtype, row.size()));
  format_of(dtype).encode_row(row.data(), row.size(), bytes.data());
  return bytes;
}

std::vector<float> decode(DType dtype, const std::vector<uint8_t>& bytes, int64_t columns) {
  std::vector<float> row(columns);
  format_of(dtype).decode_row(bytes.data(), columns, row.data());
  return row;
}

}  // namespace

TEST("every half converts to f32 and back to itself") {
  for (uint32_t h = 0; h < 0x10000; h++) {
    const bool nan = (h & 0x7c00) == 0x7c00 && (h & 0x3ff) != 0;
    const uint16_t back = tp_f32_to_f16(tp_f16_to_f32(static_cast<uint16_t>(h)));
    if (nan)
      CHECK((back & 0x7c00) == 0x7c00 && (back & 0x3ff) != 0);
    else
      CHECK_EQ(back, h);
  }
}

TEST("rounding to a half takes the nearest, ties to even") {
  CHECK_EQ(tp_f32_to_f16(1.0f), 0x3c00);
  CHECK_EQ(tp_f32_to_f16(1.0f + 0x1p-11f), 0x3c00);
  CHECK_EQ(tp_f32_to_f16(1.0f + 3 * 0x1p-11f), 0x3c02);
  CHECK_EQ(tp_f32_to_f16(65504.0f), 0x7bff);
  CHECK_EQ(tp_f32_to_f16(65520.0f), 0x7c00);
  CHECK_EQ(tp_f32_to_f16(0x1p-25f), 0);
  CHECK_EQ(tp_f32_to_f16(0x1.8p-25f), 1);
  CHECK_EQ(tp_f32_to_f16(-0.0f), 0x8000);
  CHECK_EQ(tp_f32_to_bf16(1.0f + 0x1p-8f), 0x3f80);
  CHECK_EQ(tp_f32_to_bf16(1.0f + 3 * 0x1p-8f), 0x3f82);
}

TEST("decoding what was encoded loses no more than the type's step") {
  Rng rng(1);
  const double step[] = {0, 0x1p-11, 0x1p-8, 0, 1.0 / 250, 0.12};
  for (const DType dtype : kStorage) {
    const std::vector<float> row = rng.normal(256);
    float largest = 0;
    for (const float x : row) largest = std::max(largest, std::fabs(x));
    expect_close(decode(dtype, encode(dtype, row), 256), row, {.absolute = step[static_cast<int>(dtype)] * largest});
  }
}

TEST("a row of zeros stays one") {
  const std::vector<float> zeros(64, 0.0f);
  for (const DType dtype : kStorage) expect_close(decode(dtype, encode(dtype, zeros), 64), zeros, {.absolute = 0});
}

TEST("q8_0 codes of NaN and of values beyond the scale are in range") {
  std::vector<float> row(32, 1e-42f);
  row[3] = std::nanf("");
  for (const float x : decode(DType::q8_0, encode(DType::q8_0, row), 32)) CHECK(std::isfinite(x));
}

TEST("plain types are packed as [k][16], the last group padded with zeros") {
  Rng rng(2);
  const int64_t columns = 21;
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const int64_t size = format_of(dtype).block_bytes;
    const std::vector<uint8_t> rows = encode(dtype, rng.normal(5 * columns));
    std::vector<uint8_t> group(16 * row_bytes(dtype, columns), 0xee);
    format_of(dtype).pack_x16(rows.data(), row_bytes(dtype, columns), 5, columns, group.data());
    for (int64_t k = 0; k < columns; k++) {
      for (int64_t n = 0; n < 16; n++) {
        const std::vector<uint8_t> zero(size, 0);
        const uint8_t* expected = n < 5 ? rows.data() + (n * columns + k) * size : zero.data();
        CHECK(std::memcmp(group.data() + (k * 16 + n) * size, expected, size) == 0);
      }
    }
  }
}

TEST("q8_0 is packed as scales, then biased codes, four of a row together") {
  Rng rng(3);
  const int64_t columns = 64, stride = row_bytes(DType::q8_0, columns);
  const std::vector<uint8_t> rows = encode(DType::q8_0, rng.normal(16 * columns));
  std::vector<uint8_t> group(16 * stride);
  kFormatQ8_0.pack_x16(rows.data(), stride, 16, columns, group.data());
  for (int64_t k = 0; k < columns; k++) {
    for (int n = 0; n < 16; n++) {
      const uint8_t* block = group.data() + k / 32 * 544;
      const uint8_t* source = rows.data() + n * stride + k / 32 * 34;
      CHECK(std::memcmp(block + 2 * n, source, 2) == 0);
      CHECK_EQ(block[32 + k % 32 / 4 * 64 + 4 * n + k % 4], (static_cast<int8_t>(source[2 + k % 32]) + 128));
    }
  }
}

TEST("iq4_nl is packed as scales, then k-group g in the low and g + 4 in the high halves") {
  Rng rng(4);
  const int64_t columns = 64, stride = row_bytes(DType::iq4_nl, columns);
  const std::vector<uint8_t> rows = encode(DType::iq4_nl, rng.normal(3 * columns));
  std::vector<uint8_t> group(16 * stride, 0xee);
  kFormatIq4Nl.pack_x16(rows.data(), stride, 3, columns, group.data());
  for (int64_t k = 0; k < columns; k++) {
    for (int n = 0; n < 16; n++) {
      const uint8_t* block = group.data() + k / 32 * 288;
      const int j = k % 32;
      int code = 0;
      if (n < 3) {
        const uint8_t* source = rows.data() + n * stride + k / 32 * 18;
        CHECK(std::memcmp(block + 2 * n, source, 2) == 0);
        code = j < 16 ? source[2 + j] & 15 : source[2 + j - 16] >> 4;
      }
      const uint8_t byte = block[32 + (j / 4 % 4) * 64 + 4 * n + j % 4];
      CHECK_EQ((j < 16 ? byte & 15 : byte >> 4), code);
    }
  }
}

TEST_MAIN
