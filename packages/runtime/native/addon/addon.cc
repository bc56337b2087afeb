// Entry point of the add-on.
#include <napi.h>

#include "addon/instance.h"
#include "addon/native_executor.h"

namespace tensorplan::addon {
namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* instance = new Instance();
  instance->step_class = Napi::Persistent(NativeStep::define(env));
  env.SetInstanceData(instance);
  exports.Set("abi", Napi::Number::New(env, TP_ABI_VERSION));
  exports.Set("NativeExecutor", NativeExecutor::define(env));
  return exports;
}

}  // namespace
}  // namespace tensorplan::addon

using tensorplan::addon::init;
NODE_API_MODULE(tensorplan_runtime, init)
