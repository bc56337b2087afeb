// What an AbortSignal sets in native code.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

namespace tensorplan::addon {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

class Canceller : public Napi::ObjectWrap<Canceller> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Canceller", {InstanceMethod<&Canceller::cancel>("cancel")});
  }
  explicit Canceller(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  // A flag that is never set when `value` is undefined.
  static CancelFlag flag_of(const Napi::Value& value) {
    if (value.IsObject()) return Unwrap(value.As<Napi::Object>())->flag_;
    return std::make_shared<std::atomic<bool>>(false);
  }
  static bool is_set(const void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed); }

 private:
  void cancel(const Napi::CallbackInfo&) { flag_->store(true, std::memory_order_relaxed); }
  const CancelFlag flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace tensorplan::addon
