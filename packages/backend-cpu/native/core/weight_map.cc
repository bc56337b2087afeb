#include "core/weight_map.h"

#include <stdexcept>

#include "formats/format.h"

namespace tensorplan {

void map_weight(Device& device, const WeightJob& job, const FileSource& file) {
  const auto refuse = [&job](const std::string& why) { throw std::invalid_argument("weight " + job.name + ": " + why); };
  if (job.dtype != job.source_dtype || job.layout != Layout::rows || job.take || job.columns || job.transpose_heads != 0)
    refuse("it isn't stored as in the file, so that it can't be mapped");
  const uint64_t bytes = static_cast<uint64_t>(job.source_rows) * row_bytes(job.source_dtype, job.source_columns);
  if (bytes != job.bytes)
    refuse("it takes " + std::to_string(bytes) + " bytes, but " + std::to_string(job.bytes) + " were planned");
  file.require(job.source_offset, bytes);
  device.map_file(TP_REGION_WEIGHTS, job.offset, bytes, file.descriptor(), job.source_offset);
}

}  // namespace tensorplan
