#include "probe/probe.h"

#include <cuda_runtime.h>

#include "probe/self_test.h"

namespace tensorplan::cuda {
namespace {

ProbeResult none(const char* code, const std::string& reason) { return {{}, code, reason}; }

double attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  return cudaDeviceGetAttribute(&value, which, device) == cudaSuccess ? value : 0;
}

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

}  // namespace

ProbeResult probe() {
  int driver = 0, runtime = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return none("cuda/no-driver", "there is no CUDA driver here");
  cudaRuntimeGetVersion(&runtime);
  int count = 0;
  const cudaError_t counted = cudaGetDeviceCount(&count);
  if (counted == cudaErrorInsufficientDriver) {
    return none("cuda/old-driver", "the CUDA driver is for CUDA " + version_text(driver) + ", older than this build's " + version_text(runtime));
  }
  if (counted == cudaErrorNoDevice || (counted == cudaSuccess && count == 0)) return none("cuda/no-gpu", "there is no CUDA GPU here");
  if (counted != cudaSuccess) return none("cuda/broken", std::string("CUDA doesn't start: ") + cudaGetErrorString(counted));

  ProbeResult result;
  for (int i = 0; i < count; i++) {
    cudaDeviceProp properties{};
    cudaError_t error = cudaGetDeviceProperties(&properties, i);
    if (error == cudaSuccess) error = self_test(i);
    if (error != cudaSuccess) {
      result.code = "cuda/unusable";
      result.reason = "GPU " + std::to_string(i) + " (" + properties.name + ") can't be used: " + cudaGetErrorString(error);
      continue;
    }
    const double memory_hz = attribute(cudaDevAttrMemoryClockRate, i) * 1000;
    const double memory_bytes = attribute(cudaDevAttrGlobalMemoryBusWidth, i) / 8;
    result.gpus.push_back({i, properties.name, properties.totalGlobalMem, properties.major, properties.minor, properties.multiProcessorCount,
                           attribute(cudaDevAttrClockRate, i) * 1000, 2 * memory_hz * memory_bytes});
  }
  return result;
}

}  // namespace tensorplan::cuda
