#include "probe/self_test.h"

namespace tensorplan::cuda {
namespace {

constexpr int kThreads = 64;

__global__ void square_indexes(int* out) { out[threadIdx.x] = static_cast<int>(threadIdx.x * threadIdx.x); }

}  // namespace

cudaError_t self_test(int device) {
  int before = 0;
  cudaGetDevice(&before);
  cudaError_t error = cudaSetDevice(device);
  int* on_device = nullptr;
  int values[kThreads] = {};
  if (error == cudaSuccess) error = cudaMalloc(&on_device, sizeof values);
  if (error == cudaSuccess) {
    square_indexes<<<1, kThreads>>>(on_device);
    error = cudaGetLastError();
  }
  if (error == cudaSuccess) error = cudaMemcpy(values, on_device, sizeof values, cudaMemcpyDeviceToHost);
  for (int i = 0; error == cudaSuccess && i < kThreads; i++)
    if (values[i] != i * i) error = cudaErrorUnknown;
  if (on_device != nullptr) cudaFree(on_device);
  cudaSetDevice(before);
  return error;
}

}  // namespace tensorplan::cuda
