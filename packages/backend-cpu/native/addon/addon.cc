// Entry point of the add-on: what this CPU and this build can do, and the classes.
#include <napi.h>

#include <exception>

#include "addon/canceller.h"
#include "addon/cpu_device.h"
#include "addon/cpu_program.h"
#include "addon/instance.h"
#include "core/cpu_features.h"
#include "core/register_all.h"

namespace tensorplan::addon {
namespace {

Napi::Array strings(Napi::Env env, const std::vector<std::string>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, values[i]);
  return array;
}

// (isa: string) → features
Napi::Value features(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "isa must be a string");
  try {
    return strings(info.Env(), cpu_features(info[0].As<Napi::String>()));
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// () → { name, features }[]
Napi::Value kernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KernelTable table = all_kernels();
  Napi::Array rows = Napi::Array::New(env, table.entries().size());
  for (uint32_t i = 0; i < table.entries().size(); i++) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", table.entries()[i].name);
    row.Set("features", strings(env, table.entries()[i].features));
    rows.Set(i, row);
  }
  return rows;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* instance = new Instance();
  instance->program_class = Napi::Persistent(CpuProgram::define(env));
  env.SetInstanceData(instance);
  exports.Set("abi", Napi::Number::New(env, TP_ABI_VERSION));
  exports.Set("features", Napi::Function::New(env, features));
  exports.Set("kernels", Napi::Function::New(env, kernels));
  exports.Set("CpuDevice", CpuDevice::define(env));
  exports.Set("Canceller", Canceller::define(env));
  return exports;
}

}  // namespace
}  // namespace tensorplan::addon

using tensorplan::addon::init;
NODE_API_MODULE(tensorplan_backend_cpu, init)
