#include "core/weight_loader.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "formats/format.h"
#include "test/harness.h"
#include "test/support/temporary_file.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

std::vector<uint8_t> encode_rows(DType dtype, const std::vector<float>& values, int64_t columns) {
  const size_t bytes = row_bytes(dtype, columns);
  std::vector<uint8_t> rows(values.size() / columns * bytes);
  for (size_t r = 0; r < values.size() / columns; r++) format_of(dtype).encode_row(&values[r * columns], columns, &rows[r * bytes]);
  return rows;
}

std::vector<float> decode_rows(DType dtype, const std::vector<uint8_t>& rows, int64_t columns) {
  const size_t bytes = row_bytes(dtype, columns);
  std::vector<float> values(rows.size() / bytes * columns);
  for (size_t r = 0; r < rows.size() / bytes; r++) format_of(dtype).decode_row(&rows[r * bytes], columns, &values[r * columns]);
  return values;
}

std::vector<uint8_t> stored(Device& device, const WeightJob& job) {
  std::vector<uint8_t> bytes(job.bytes);
  device.read(TP_REGION_WEIGHTS, job.offset, bytes.data(), bytes.size());
  return bytes;
}

WeightJob job_for(DType source, int64_t rows, int64_t columns, DType dtype, Layout layout, std::vector<int64_t> shape) {
  WeightJob job;
  job.name = "w";
  job.source_dtype = source;
  job.source_rows = rows;
  job.source_columns = columns;
  job.dtype = dtype;
  job.layout = layout;
  job.shape = std::move(shape);
  const int64_t last = job.shape.back(), high = job.shape.size() < 2 ? 1 : job.shape[job.shape.size() - 2];
  int64_t matrices = 1;
  for (size_t i = 0; i + 2 < job.shape.size(); i++) matrices *= job.shape[i];
  job.bytes = matrices * matrix_bytes(dtype, layout, high, last);
  return job;
}

void load(Device& device, const WeightJob& job, const std::vector<uint8_t>& source) {
  device.allocate(TP_REGION_WEIGHTS, job.offset + job.bytes);
  const uint64_t loaded = device.counters().loaded_bytes;
  CHECK(load_weight(device, job, MemorySource(source.data(), source.size()), nullptr, nullptr));
  CHECK_EQ(device.counters().loaded_bytes - loaded, job.bytes);
}

}  // namespace

TEST("rows are stored as they are, with any thread count") {
  Rng rng(1);
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::iq4_nl}) {
    auto source = encode_rows(dtype, rng.normal(96 * 20), 96);
    // The same rows again and again: encoding is slow, and 2100 rows make several chunks.
    const size_t once = source.size();
    for (size_t i = once; i < once / 20 * 2100; i++) source.push_back(source[i - once]);
    for (const int threads : {1, 2, 3, 7}) {
      Device device(threads, {});
      WeightJob job = job_for(dtype, 2100, 96, dtype, Layout::rows, {3, 700, 96});
      job.offset = 128;
      load(device, job, source);
      CHECK(stored(device, job) == source);
    }
  }
}

TEST("x16 stores each matrix in groups of its own") {
  Rng rng(2);
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::iq4_nl}) {
    Device device(2, {});
    const int64_t stride = row_bytes(dtype, 64);
    const auto source = encode_rows(dtype, rng.normal(2 * 21 * 64), 64);
    const WeightJob job = job_for(dtype, 42, 64, dtype, Layout::x16, {2, 21, 64});
    load(device, job, source);
    const auto bytes = stored(device, job);
    CHECK_EQ(bytes.size(), static_cast<size_t>(2 * 32 * stride));
    for (int m = 0; m < 2; m++) {
      std::vector<uint8_t> group(16 * stride);
      format_of(dtype).pack_x16(source.data() + (m * 21 + 16) * stride, stride, 5, 64, group.data());
      CHECK(std::memcmp(group.data(), bytes.data() + (m * 2 + 1) * 16 * stride, group.size()) == 0);
    }
  }
}

TEST("head-rows takes the same rows of every head") {
  Rng rng(3);
  Device device(3, {});
  const auto values = rng.normal(4 * 10 * 32);
  WeightJob job = job_for(DType::f32, 40, 32, DType::f32, Layout::rows, {4, 3, 32});
  job.take = HeadRows{4, 10, 6, 3};
  load(device, job, encode_rows(DType::f32, values, 32));
  std::vector<float> expected;
  for (int h = 0; h < 4; h++) expected.insert(expected.end(), values.begin() + (h * 10 + 6) * 32, values.begin() + (h * 10 + 9) * 32);
  expect_same_bits(decode_rows(DType::f32, stored(device, job), 32), expected);
}

TEST("columns takes the same blocks of every row, in both layouts") {
  Rng rng(8);
  for (const DType dtype : {DType::f32, DType::f16, DType::q8_0, DType::iq4_nl}) {
    const auto source = encode_rows(dtype, rng.normal(2 * 21 * 128), 128);
    const int64_t stride = row_bytes(dtype, 128), skipped = row_bytes(dtype, 32), width = row_bytes(dtype, 64);
    std::vector<uint8_t> expected;
    for (int64_t r = 0; r < 42; r++)
      expected.insert(expected.end(), source.begin() + r * stride + skipped, source.begin() + r * stride + skipped + width);
    for (const int threads : {1, 3}) {
      Device device(threads, {});
      WeightJob job = job_for(dtype, 42, 128, dtype, Layout::rows, {2, 21, 64});
      job.columns = ColumnRange{32, 64};
      load(device, job, source);
      CHECK(stored(device, job) == expected);
    }
    Device device(2, {});
    WeightJob job = job_for(dtype, 42, 128, dtype, Layout::x16, {2, 21, 64});
    job.columns = ColumnRange{32, 64};
    load(device, job, source);
    const auto bytes = stored(device, job);
    std::vector<uint8_t> group(16 * width);
    format_of(dtype).pack_x16(expected.data() + (21 + 16) * width, width, 5, 64, group.data());
    CHECK(std::memcmp(group.data(), bytes.data() + (2 + 1) * 16 * width, group.size()) == 0);
  }
}

TEST("columns outside of the rows or inside a block are refused") {
  Device device(1, {});
  device.allocate(TP_REGION_WEIGHTS, 4096);
  const std::vector<uint8_t> source(4 * row_bytes(DType::q8_0, 64));
  const auto refusal = [&](ColumnRange columns) -> std::string {
    WeightJob job = job_for(DType::q8_0, 4, 64, DType::q8_0, Layout::rows, {4, 32});
    job.columns = columns;
    try {
      load_weight(device, job, MemorySource(source.data(), source.size()), nullptr, nullptr);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal({48, 32}).find("aren't inside its rows of 64") != std::string::npos);
  CHECK(refusal({16, 32}).find("inside a block of 32") != std::string::npos);
  CHECK(refusal({0, 64}).find("doesn't fit") != std::string::npos);
}

TEST("transpose-heads turns each head's matrix; halves keep their bits") {
  Rng rng(4);
  Device device(2, {});
  const auto source = encode_rows(DType::f16, rng.normal(2 * 8 * 48), 48);
  const auto values = decode_rows(DType::f16, source, 48);
  WeightJob job = job_for(DType::f16, 16, 48, DType::f16, Layout::rows, {2, 48, 5});
  job.take = HeadRows{2, 8, 1, 5};
  job.transpose_heads = 2;
  load(device, job, source);
  std::vector<float> expected;
  for (int h = 0; h < 2; h++)
    for (int c = 0; c < 48; c++)
      for (int r = 0; r < 5; r++) expected.push_back(values[(h * 8 + 1 + r) * 48 + c]);
  expect_same_bits(decode_rows(DType::f16, stored(device, job), 5), expected);
}

TEST("transpose-heads of a block type is requantised to q8_0") {
  Rng rng(5);
  Device device(2, {});
  const auto source = encode_rows(DType::iq4_nl, rng.normal(2 * 32 * 64), 64);
  const auto values = decode_rows(DType::iq4_nl, source, 64);
  WeightJob job = job_for(DType::iq4_nl, 64, 64, DType::q8_0, Layout::x16, {2, 64, 32});
  job.transpose_heads = 2;
  load(device, job, source);
  std::vector<float> turned;
  for (int h = 0; h < 2; h++)
    for (int c = 0; c < 64; c++)
      for (int r = 0; r < 32; r++) turned.push_back(values[(h * 32 + r) * 64 + c]);
  const auto rows = encode_rows(DType::q8_0, turned, 32);
  std::vector<uint8_t> expected(rows.size());
  for (int g = 0; g < 8; g++) kFormatQ8_0.pack_x16(rows.data() + g * 16 * 34, 34, 16, 32, expected.data() + g * 16 * 34);
  CHECK(stored(device, job) == expected);
}

TEST("values are converted where the plan asks for another type") {
  Device device(1, {});
  const std::vector<float> values = {1, -2.5f, 0.333333f, 4};
  const WeightJob job = job_for(DType::f32, 1, 4, DType::f16, Layout::rows, {4});
  load(device, job, encode_rows(DType::f32, values, 4));
  expect_close(decode_rows(DType::f16, stored(device, job), 4), values, {.relative = 1e-3});
}

TEST("a file is read beyond 4 GiB") {
  Rng rng(6);
  const TemporaryFile temporary;
  const auto source = encode_rows(DType::q8_0, rng.normal(100 * 32), 32);
  const uint64_t offset = (uint64_t{9} << 30) + 32;
  if (pwrite(temporary.file(), source.data(), source.size(), static_cast<off_t>(offset)) != static_cast<ssize_t>(source.size())) {
    std::printf("     (skipped: no sparse files where temporary files go)\n");
    return;
  }
  Device device(2, {});
  WeightJob job = job_for(DType::q8_0, 100, 32, DType::q8_0, Layout::rows, {100, 32});
  job.source_offset = offset;
  device.allocate(TP_REGION_WEIGHTS, job.bytes);
  CHECK(load_weight(device, job, FileSource(temporary.path()), nullptr, nullptr));
  CHECK(stored(device, job) == source);
}

TEST("a file that ends too early, or isn't there, is an error with its name") {
  const TemporaryFile temporary;
  Device device(2, {});
  const WeightJob job = job_for(DType::f32, 100, 32, DType::f32, Layout::rows, {100, 32});
  device.allocate(TP_REGION_WEIGHTS, job.bytes);
  CHECK_THROWS(load_weight(device, job, FileSource(temporary.path()), nullptr, nullptr), "bytes too early");
  CHECK_THROWS(FileSource("/nowhere/model.gguf"), "cannot open /nowhere/model.gguf: No such file");
}

TEST("a scale that isn't finite is an error that names weight, row and block") {
  Device device(2, {});
  for (const Layout layout : {Layout::rows, Layout::x16}) {
    auto source = encode_rows(DType::iq4_nl, std::vector<float>(64 * 64, 1.0f), 64);
    source[(37 * 2 + 1) * 18 + 1] = 0x7e;
    const WeightJob job = job_for(DType::iq4_nl, 64, 64, DType::iq4_nl, layout, {64, 64});
    device.allocate(TP_REGION_WEIGHTS, job.bytes);
    CHECK_THROWS(load_weight(device, job, MemorySource(source.data(), source.size()), nullptr, nullptr),
                 "weight w: the scale of block 1 in row 37 isn't finite");
  }
}

TEST("a job that contradicts itself is refused") {
  Device device(1, {});
  device.allocate(TP_REGION_WEIGHTS, 1 << 20);
  const std::vector<uint8_t> bytes(1 << 16);
  const MemorySource source(bytes.data(), bytes.size());
  const auto attempt = [&](const WeightJob& job) { return load_weight(device, job, source, nullptr, nullptr); };
  WeightJob job = job_for(DType::f32, 8, 32, DType::f32, Layout::rows, {8, 16});
  CHECK_THROWS(attempt(job), "shape doesn't fit the 8 rows of 32");
  job = job_for(DType::f32, 8, 32, DType::f32, Layout::rows, {8, 32});
  job.bytes--;
  CHECK_THROWS(attempt(job), "takes 1024 bytes, but 1023 were planned");
  job = job_for(DType::f32, 8, 32, DType::f32, Layout::rows, {2, 3, 32});
  job.take = HeadRows{2, 4, 2, 3};
  CHECK_THROWS(attempt(job), "aren't inside the head");
  job = job_for(DType::f32, 8, 20, DType::q8_0, Layout::rows, {8, 20});
  CHECK_THROWS(attempt(job), "can't be stored as q8_0");
  job = job_for(DType::f32, 8, 32, DType::f32, Layout::rows, {8, 32});
  job.offset = (1 << 20) - 64;
  CHECK_THROWS(attempt(job), "not inside region weights");
}

TEST("loading can be cancelled") {
  Device device(2, {});
  const std::vector<uint8_t> bytes(64 * 1024 * 4);
  const WeightJob job = job_for(DType::f32, 1024, 64, DType::f32, Layout::rows, {1024, 64});
  device.allocate(TP_REGION_WEIGHTS, job.bytes);
  const auto always = [](const void*) { return true; };
  CHECK(!load_weight(device, job, MemorySource(bytes.data(), bytes.size()), always, nullptr));
}

TEST_MAIN
