// The executor of one Node environment, shared by its JavaScript objects and the callbacks that are on their way to JavaScript.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <vector>

#include "executor/executor.h"

namespace tensorplan::addon {

// What queues' threads tell JavaScript. `settled` false: run `task`; true: the step is over.
struct Message {
  bool settled;
  uint32_t task;
  StepResult result;
};

class ExecutorCore : public std::enable_shared_from_this<ExecutorCore> {
 public:
  // `handles` are the Externals that the devices are in. `listener(task | undefined, status, message)` is called on the main thread.
  ExecutorCore(Napi::Env env, std::vector<DeviceSlot> devices, std::vector<Napi::Reference<Napi::Value>> handles,
               const Napi::Function& listener);
  ~ExecutorCore();

  bool running() const { return running_; }
  bool closed() const { return disposed_; }
  const std::vector<DeviceSlot>& devices() const { return devices_; }
  void run(Napi::Env env, std::shared_ptr<Step> step, const int64_t* symbols);
  // Ends the queues' threads: now or, if a step is running, when it is over; the step is cancelled.
  void dispose();
  // When the environment ends, while what a step uses is still there: cancels, waits for the threads, and calls JavaScript no more.
  void abandon();

 private:
  static void deliver(Napi::Env env, Napi::Function listener, ExecutorCore* core, Message* message);
  using Channel = Napi::TypedThreadSafeFunction<ExecutorCore, Message, deliver>;

  void send(Message message);
  void close();

  const napi_env env_;
  const std::vector<DeviceSlot> devices_;
  const std::vector<Napi::Reference<Napi::Value>> handles_;
  Channel channel_;
  std::unique_ptr<Executor> executor_;
  std::shared_ptr<Step> step_;
  std::shared_ptr<ExecutorCore> self_;  // while a step is running
  bool running_ = false, disposed_ = false;
};

}  // namespace tensorplan::addon
