#include "executor/executor.h"

#include <utility>

#include "tensorplan/futex.h"

namespace tensorplan {

Executor::Executor(std::vector<DeviceSlot> devices, std::function<void(uint32_t)> javascript)
    : devices_(std::move(devices)), javascript_(std::move(javascript)) {
  for (size_t i = 0; i < 2 * devices_.size(); i++) queues_.push_back(std::make_unique<Queue>());
  try {
    for (size_t i = 0; i < devices_.size(); i++) start(i);
  } catch (...) {
    stop();
    throw;
  }
}

Executor::~Executor() { stop(); }

void Executor::start(size_t queue) {
  if (!queues_[queue]->thread.joinable()) queues_[queue]->thread = std::thread([this, queue] { work(queue); });
}

void Executor::stop() {
  quit_.store(true, std::memory_order_seq_cst);
  for (const auto& queue : queues_) ring(*queue);
  for (const auto& queue : queues_)
    if (queue->thread.joinable()) queue->thread.join();
}

void Executor::ring(Queue& queue) {
  queue.bell.fetch_add(1, std::memory_order_seq_cst);
  if (queue.asleep.load(std::memory_order_seq_cst)) futex_wake(queue.bell, 1);
}

void Executor::run(std::shared_ptr<Step> step, const int64_t* symbols, std::function<void(StepResult)> finished) {
  current_ = std::move(step);
  int parts = 0;
  for (size_t i = 0; i < queues_.size(); i++) {
    if (current_->queue(i).empty()) continue;
    start(i);
    parts++;
  }
  Step* const started = current_.get();
  started->begin(symbols, parts, std::move(finished));
  for (size_t i = 0; i < queues_.size(); i++) {
    if (started->queue(i).empty()) continue;
    queues_[i]->next.store(started, std::memory_order_seq_cst);
    ring(*queues_[i]);
  }
  // This call's own part: the step can't be over, and so can't be replaced, before the line above has rung every queue.
  started->leave();
}

void Executor::work(size_t index) {
  Queue& queue = *queues_[index];
  const auto called = [&] {
    return queue.next.load(std::memory_order_acquire) != nullptr || quit_.load(std::memory_order_acquire);
  };
  for (;;) {
    if (!spin_until(called)) {
      const uint32_t seen = queue.bell.load(std::memory_order_seq_cst);
      queue.asleep.store(true, std::memory_order_seq_cst);
      if (!called()) futex_wait(queue.bell, seen);
      queue.asleep.store(false, std::memory_order_seq_cst);
      continue;
    }
    Step* const step = queue.next.exchange(nullptr, std::memory_order_acq_rel);
    if (step == nullptr) return;
    for (const uint32_t task : step->queue(index)) step->run(task, queue.staging, javascript_);
    step->leave();
  }
}

}  // namespace tensorplan
