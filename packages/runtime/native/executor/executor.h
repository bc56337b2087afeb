// One thread for each device's queue, and one for the streams into a device once a step has some; kept between steps and asleep when there is
// nothing to do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "executor/step.h"

namespace tensorplan {

class Executor {
 public:
  // `javascript` asks JavaScript to run a task of the step in work; called on queues' threads.
  Executor(std::vector<DeviceSlot> devices, std::function<void(uint32_t task)> javascript);
  // The step in work must have finished.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const std::vector<DeviceSlot>& devices() const { return devices_; }
  // Starts a step; one at a time. `finished` is called from any thread when it is over. `step` stays alive until then.
  void run(std::shared_ptr<Step> step, const int64_t* symbols, std::function<void(StepResult)> finished);

 private:
  struct Queue {
    std::atomic<Step*> next{nullptr};
    alignas(64) std::atomic<uint32_t> bell{0};
    std::atomic<bool> asleep{false};
    std::vector<uint8_t> staging;
    std::thread thread;
  };

  void stop();
  void start(size_t queue);
  void work(size_t index);
  static void ring(Queue& queue);

  const std::vector<DeviceSlot> devices_;
  const std::function<void(uint32_t)> javascript_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::shared_ptr<Step> current_;
  std::atomic<bool> quit_{false};
};

}  // namespace tensorplan
