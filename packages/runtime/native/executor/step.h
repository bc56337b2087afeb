// The DAG of one variant's step: tasks with their events, reused by every run.
//
// Each task belongs to one device's queue: a copy to the queue of the device that it writes. A queue works in the listed order. A copy also
// takes its turn on the device that it reads, by waiting for the task before it there and by being waited for by the one after it. Streams
// into a device have a second queue and take no turns: what they wait for, and what waits for them, is listed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "executor/event.h"
#include "executor/task.h"
#include "tensorplan/executor_api.h"

namespace tensorplan {

struct StepResult {
  tp_status status = TP_OK;
  std::string message;
};

class Step {
 public:
  // Throws std::invalid_argument for a task that names something that isn't there.
  Step(std::vector<DeviceSlot> devices, std::vector<Task> tasks, size_t symbol_count);
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // Indexes of the tasks of a queue, in order: one queue for each device, then one for the streams into each device.
  const std::vector<uint32_t>& queue(size_t index) const { return queues_[index]; }
  size_t symbol_count() const { return symbols_.size(); }

  // Called before the queues begin. `parts` is the number of queues that will call `leave`. `finished` is called once, from any thread, after
  // the last task has ended and the last queue has left.
  void begin(const int64_t* symbols, int parts, std::function<void(StepResult)> finished);
  // Runs one task of a queue on the queue's thread. `javascript` starts a task of a device that JavaScript runs.
  void run(uint32_t task, std::vector<uint8_t>& staging, const std::function<void(uint32_t)>& javascript);
  void leave();

  // Makes running work stop soon.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  // Ends a task that JavaScript was asked to run; does nothing if it has ended already.
  void settle(uint32_t task, tp_status status, const char* message);
  // Ends all of JavaScript's tasks, for when it won't answer any more.
  void abandon();
  // From JavaScript's own copies.
  void count_copy(uint32_t task, uint64_t bytes);
  // Whether later runs note when each task begins and ends. Not while a step runs.
  void record_times(bool on) { timed_ = on; }
  // Of the latest run that noted them. A task begins when it was its turn: what it waits for has ended, and its queue is free.
  TaskTime time_of(uint32_t task) const;
  bool runs_in_javascript(uint32_t task) const { return tasks_[task].in_javascript; }
  CopyCount copy_count(uint32_t task) const;
  size_t task_count() const { return tasks_.size(); }

 private:
  struct Compiled {
    Task task;
    bool in_javascript = false;
    std::vector<tp_event*> waits;
    std::vector<int64_t> symbols;  // the program's, filled in for each run
    tp_bindings bindings{};
    std::atomic<uint64_t> copies{0}, copied_bytes{0}, last_bytes{0};
    int64_t before = -1;  // the task before it in its queue
    std::atomic<int64_t> entered{0}, ended{0};
  };

  static void on_signal(tp_event* event, tp_status status, const char* message);
  static tp_status on_wait(tp_event* event);
  static int on_cancelled(const tp_host* host);

  size_t queue_of(const Task& task) const;
  void check(const Task& task, uint32_t index) const;
  void end(tp_event& event, tp_status status, const char* message);
  bool wait_for_others(const Compiled& task);
  void copy(uint32_t index, std::vector<uint8_t>& staging);
  uint64_t bytes_of(const Task& task) const;
  void part_done();

  const std::vector<DeviceSlot> devices_;
  std::vector<Compiled> tasks_;
  std::vector<tp_event> events_;
  std::vector<std::vector<uint32_t>> queues_;
  std::vector<int64_t> symbols_;
  tp_host host_;
  bool timed_ = false;

  std::atomic<bool> cancelled_{false};
  std::atomic<int> parts_left_{0};
  std::function<void(StepResult)> finished_;
  std::mutex result_mutex_;
  StepResult result_;
};

}  // namespace tensorplan
