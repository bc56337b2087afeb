// Weights that stay in their file: no byte is read before a kernel touches it, and none is copied.
#pragma once

#include "core/byte_source.h"
#include "core/device.h"
#include "core/weight_loader.h"

namespace tensorplan {

// Maps the whole tensor of `job` at the job's place in the weights region. The job must take the tensor as it is: same element type, layout
// rows, nothing taken or transposed, `offset` equal to the tensor's offset in the file modulo the page size. Throws std::invalid_argument
// for a job that says otherwise and std::runtime_error if the file is too short. A file that is cut off later ends the process with SIGBUS
// when the missing part is touched.
void map_weight(Device& device, const WeightJob& job, const FileSource& file);

}  // namespace tensorplan
