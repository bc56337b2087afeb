// Runs a function off the main thread and settles a promise with "ok", "cancelled" or an error.
#pragma once

#include <napi.h>

#include <functional>
#include <string>
#include <utility>

#include "tensorplan/executor_api.h"

namespace tensorplan::addon {

class PromiseWork : public Napi::AsyncWorker {
 public:
  // `work` returns a status, and a message when that is TP_FAILED; it must keep alive what it uses. `kept` is held meanwhile.
  using Work = std::function<tp_status(std::string& message)>;

  static Napi::Value start(Napi::Env env, Work work, const Napi::Value& kept) {
    auto* worker = new PromiseWork(env, std::move(work), kept);
    const Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    std::string message;
    status_ = work_(message);
    if (status_ == TP_FAILED) SetError(message);
  }
  void OnOK() override { deferred_.Resolve(Napi::String::New(Env(), status_ == TP_OK ? "ok" : "cancelled")); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  PromiseWork(Napi::Env env, Work work, const Napi::Value& kept)
      : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {
    if (kept.IsObject()) kept_ = Napi::Persistent(kept.As<Napi::Object>());
  }

  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference kept_;
  Work work_;
  tp_status status_ = TP_OK;
};

}  // namespace tensorplan::addon
