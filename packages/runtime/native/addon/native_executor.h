// The classes that src/executor/nativeAddon.ts describes.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "addon/executor_core.h"

namespace tensorplan::addon {

class NativeExecutor : public Napi::ObjectWrap<NativeExecutor> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit NativeExecutor(const Napi::CallbackInfo& info);  // (devices: (External | null)[], listener)

 private:
  Napi::Value compile(const Napi::CallbackInfo& info);  // (tasks, symbolCount) → NativeStep
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<ExecutorCore> core_;
};

class NativeStep : public Napi::ObjectWrap<NativeStep> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit NativeStep(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  void set(std::shared_ptr<ExecutorCore> core, std::shared_ptr<Step> step) {
    core_ = std::move(core);
    step_ = std::move(step);
  }

 private:
  void run(const Napi::CallbackInfo& info);         // (symbols: number[])
  void cancel(const Napi::CallbackInfo& info);
  void settle(const Napi::CallbackInfo& info);      // (task, status, message)
  void count_copy(const Napi::CallbackInfo& info);  // (task, bytes)
  void record_times(const Napi::CallbackInfo& info);   // (on: boolean)
  Napi::Value times(const Napi::CallbackInfo& info);   // → begin and end of each task, nanoseconds, in one array
  Napi::Value ledger(const Napi::CallbackInfo& info);  // → [count, bytes, lastBytes][] for each task
  Napi::Value in_javascript(const Napi::CallbackInfo& info);  // (task) → boolean

  const std::shared_ptr<Step>& step(Napi::Env env) const;

  std::shared_ptr<ExecutorCore> core_;
  std::shared_ptr<Step> step_;
};

}  // namespace tensorplan::addon
