#include "addon/executor_core.h"

#include <utility>

namespace tensorplan::addon {
namespace {

void on_environment_end(void* core) { static_cast<ExecutorCore*>(core)->abandon(); }

}  // namespace

ExecutorCore::ExecutorCore(Napi::Env env, std::vector<DeviceSlot> devices, std::vector<Napi::Reference<Napi::Value>> handles,
                           const Napi::Function& listener)
    : env_(env), devices_(std::move(devices)), handles_(std::move(handles)) {
  channel_ = Channel::New(env, listener, "tensorplan executor", 0, 1, this);
  // Only a running step keeps the process alive.
  channel_.Unref(env);
  try {
    executor_ = std::make_unique<Executor>(devices_, [this](uint32_t task) { send({false, task, {}}); });
  } catch (...) {
    channel_.Release();
    throw;
  }
  // Hooks run last in, first out: this one before the channel's own, which would close it while queues still use it.
  napi_add_env_cleanup_hook(env_, on_environment_end, this);
}

ExecutorCore::~ExecutorCore() { dispose(); }

void ExecutorCore::send(Message message) {
  auto owned = std::make_unique<Message>(std::move(message));
  if (channel_.NonBlockingCall(owned.get()) == napi_ok) owned.release();
}

void ExecutorCore::run(Napi::Env env, std::shared_ptr<Step> step, const int64_t* symbols) {
  running_ = true;
  self_ = shared_from_this();
  step_ = step;
  channel_.Ref(env);
  executor_->run(std::move(step), symbols,
                 [this](StepResult result) { send({true, 0, std::move(result)}); });
}

void ExecutorCore::deliver(Napi::Env env, Napi::Function listener, ExecutorCore* core, Message* message) {
  const std::unique_ptr<Message> owned(message);
  // The environment is closing: whoever waits is settled by abandon().
  if (env == nullptr) return;
  if (!message->settled) {
    listener.Call({Napi::Number::New(env, message->task)});
    return;
  }
  const std::shared_ptr<ExecutorCore> kept = std::move(core->self_);
  core->running_ = false;
  core->step_.reset();
  core->channel_.Unref(env);
  if (core->disposed_) core->close();
  constexpr const char* kStatus[] = {"ok", "cancelled", "failed"};
  listener.Call({env.Undefined(), Napi::String::New(env, kStatus[message->result.status]), Napi::String::New(env, message->result.message)});
}

void ExecutorCore::dispose() {
  if (disposed_) return;
  disposed_ = true;
  if (running_)
    step_->cancel();
  else
    close();
}

void ExecutorCore::close() {
  if (executor_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, on_environment_end, this);
  executor_.reset();
  channel_.Release();
}

void ExecutorCore::abandon() {
  disposed_ = true;
  const std::shared_ptr<ExecutorCore> kept = std::move(self_);
  if (executor_ == nullptr) return;
  if (running_) step_->abandon();
  executor_.reset();
  channel_.Release();
}

}  // namespace tensorplan::addon
