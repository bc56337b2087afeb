// Entry point of the add-on.
#include <napi.h>

#include "probe/probe.h"
#include "tensorplan/executor_api.h"

namespace tensorplan::cuda {
namespace {

// () → { gpus, code, reason }
Napi::Value probe_gpus(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ProbeResult found = probe();
  Napi::Array gpus = Napi::Array::New(env, found.gpus.size());
  for (uint32_t i = 0; i < found.gpus.size(); i++) {
    const Gpu& gpu = found.gpus[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("index", gpu.index);
    object.Set("name", gpu.name);
    object.Set("memoryBytes", static_cast<double>(gpu.memory_bytes));
    object.Set("computeMajor", gpu.compute_major);
    object.Set("computeMinor", gpu.compute_minor);
    object.Set("multiprocessors", gpu.multiprocessors);
    object.Set("clockHz", gpu.clock_hz);
    object.Set("bandwidth", gpu.bandwidth);
    gpus.Set(i, object);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("gpus", gpus);
  result.Set("code", found.code);
  result.Set("reason", found.reason);
  return result;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", Napi::Number::New(env, TP_ABI_VERSION));
  exports.Set("probe", Napi::Function::New(env, probe_gpus));
  return exports;
}

}  // namespace
}  // namespace tensorplan::cuda

using tensorplan::cuda::init;
NODE_API_MODULE(tensorplan_backend_cuda, init)
