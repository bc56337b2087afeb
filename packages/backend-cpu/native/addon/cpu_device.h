// A device, as JavaScript holds it.
#pragma once

#include <napi.h>

#include <memory>

#include "addon/background.h"
#include "addon/device_api.h"

namespace tensorplan::addon {

class CpuDevice : public Napi::ObjectWrap<CpuDevice> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CpuDevice(const Napi::CallbackInfo& info);  // (threads: number, isa: string)

 private:
  void allocate(const Napi::CallbackInfo& info);          // (region, bytes)
  Napi::Value load_weight(const Napi::CallbackInfo& info);  // (job, path: string | Uint8Array, canceller?) → Promise<"ok" | "cancelled">
  Napi::Value compile(const Napi::CallbackInfo& info);    // (program) → CpuProgram
  void write(const Napi::CallbackInfo& info);             // (region, offset, bytes)
  void read(const Napi::CallbackInfo& info);              // (region, offset, into)
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value api(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  const std::shared_ptr<Device>& device(Napi::Env env) const;

  std::shared_ptr<Device> device_;
  std::shared_ptr<Background> background_;
};

}  // namespace tensorplan::addon
