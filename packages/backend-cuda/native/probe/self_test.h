#pragma once

#include <cuda_runtime.h>

namespace tensorplan::cuda {

// Runs one small kernel on a device; an error if this build has no code for it, or it doesn't work.
cudaError_t self_test(int device);

}  // namespace tensorplan::cuda
