// A compiled split, as JavaScript holds it.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "addon/background.h"
#include "addon/device_api.h"

namespace tensorplan::addon {

class CpuProgram : public Napi::ObjectWrap<CpuProgram> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CpuProgram(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  void set(std::shared_ptr<ProgramHolder> holder, std::shared_ptr<Background> background) {
    holder_ = std::move(holder);
    background_ = std::move(background);
  }

 private:
  Napi::Value run(const Napi::CallbackInfo& info);  // (symbols: number[], canceller?) → Promise<"ok" | "cancelled">
  Napi::Value handle(const Napi::CallbackInfo& info);
  void set_timing(const Napi::CallbackInfo& info);    // (on: boolean)
  Napi::Value moments(const Napi::CallbackInfo& info);  // → Float64Array
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<ProgramHolder> holder_;
  std::shared_ptr<Background> background_;
};

}  // namespace tensorplan::addon
