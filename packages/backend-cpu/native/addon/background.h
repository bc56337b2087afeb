// A thread of a device that runs its programs and loads one after the other, and settles their promises. Not Node's own thread pool: an
// environment that ends waits for that without telling anybody, and four long steps would keep files from being read.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>

#include "core/device.h"
#include "tensorplan/executor_api.h"

namespace tensorplan::addon {

class Background : public std::enable_shared_from_this<Background> {
 public:
  // Returns a status, and a message when that is TP_FAILED; must keep alive what it uses.
  using Work = std::function<tp_status(std::string& message)>;

  // `device` is closed when the environment ends, which makes running work stop.
  Background(Napi::Env env, std::shared_ptr<Device> device);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // A promise of "ok", "cancelled" or an error. `kept` isn't collected before it settles.
  Napi::Value run(Napi::Env env, Work work, const Napi::Value& kept);

 private:
  struct Job {
    Work work;
    Napi::Promise::Deferred deferred;
    Napi::ObjectReference kept;
    tp_status status = TP_OK;
    std::string message;
  };

  static void deliver(Napi::Env env, Napi::Function, Background* background, Job* job);
  using Channel = Napi::TypedThreadSafeFunction<Background, Job, deliver>;
  static void on_environment_end(void* background);

  void work();
  void stop();

  const napi_env env_;
  const std::shared_ptr<Device> device_;
  Channel channel_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<std::unique_ptr<Job>> jobs_;
  bool quit_ = false;
  // On the main thread only:
  int pending_ = 0;
  std::shared_ptr<Background> self_;  // while anything is pending
};

}  // namespace tensorplan::addon
