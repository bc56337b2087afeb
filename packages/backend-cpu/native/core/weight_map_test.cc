#include "core/weight_map.h"

#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "test/harness.h"
#include "test/support/temporary_file.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

constexpr uint64_t kGranule = 65536;

// So many bytes, each other than its neighbours.
std::vector<uint8_t> counting(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; i++) bytes[i] = static_cast<uint8_t>(i * 131 + i / 251);
  return bytes;
}

WeightJob job_at(uint64_t place, uint64_t in_file, int64_t rows) {
  WeightJob job;
  job.name = "w";
  job.source_dtype = job.dtype = DType::f32;
  job.source_rows = rows;
  job.source_columns = 8;
  job.shape = {rows, 8};
  job.source_offset = in_file;
  job.offset = place;
  job.bytes = static_cast<uint64_t>(rows) * 32;
  job.mapped = true;
  return job;
}

template <class Error>
bool refuses(Device& device, const WeightJob& job, const FileSource& file) {
  try {
    map_weight(device, job, file);
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace

TEST("a mapped weight has the file's bytes, and what is written to it stays out of the file") {
  const std::vector<uint8_t> bytes = counting(3 * kGranule + 1000);
  const TemporaryFile on_disk(bytes);
  Device device(2, {});
  device.allocate(TP_REGION_WEIGHTS, 6 * kGranule);
  const std::vector<uint8_t> before(kGranule, 0x5a);
  device.write(TP_REGION_WEIGHTS, 0, before.data(), before.size());
  // Starts within a page, ends within another, crosses a granule, and reaches the file's last byte.
  const uint64_t in_file = kGranule + 4128;
  const WeightJob job = job_at(2 * kGranule + 4128, in_file, static_cast<int64_t>((bytes.size() - in_file) / 32));
  map_weight(device, job, FileSource(on_disk.path()));

  std::vector<uint8_t> read(job.bytes);
  device.read(TP_REGION_WEIGHTS, job.offset, read.data(), read.size());
  CHECK(std::memcmp(read.data(), bytes.data() + in_file, read.size()) == 0);
  std::vector<uint8_t> untouched(kGranule);
  device.read(TP_REGION_WEIGHTS, 0, untouched.data(), untouched.size());
  CHECK(untouched == before);

  const uint8_t mark[32] = {1, 2, 3};
  device.write(TP_REGION_WEIGHTS, job.offset, mark, sizeof mark);
  std::vector<uint8_t> again(bytes.size());
  CHECK_EQ(pread(on_disk.file(), again.data(), again.size(), 0), static_cast<ssize_t>(again.size()));
  CHECK(again == bytes);
}

TEST("what can't be mapped is refused") {
  const TemporaryFile on_disk(counting(kGranule));
  const FileSource file(on_disk.path());
  Device device(1, {});
  device.allocate(TP_REGION_WEIGHTS, 2 * kGranule);
  CHECK(refuses<std::invalid_argument>(device, job_at(64, 128, 4), file));            // elsewhere within the page
  CHECK(refuses<std::invalid_argument>(device, job_at(2 * kGranule, 0, 4), file));    // outside the region
  CHECK(refuses<std::runtime_error>(device, job_at(0, 0, kGranule / 32 + 1), file));  // beyond the file's end
  WeightJob packed = job_at(0, 0, 16);
  packed.layout = Layout::x16;
  CHECK(refuses<std::invalid_argument>(device, packed, file));
  WeightJob half = job_at(0, 0, 16);
  half.dtype = DType::f16;
  CHECK(refuses<std::invalid_argument>(device, half, file));
  WeightJob part = job_at(0, 0, 16);
  part.take = HeadRows{2, 8, 0, 4};
  CHECK(refuses<std::invalid_argument>(device, part, file));
}
TEST_MAIN
