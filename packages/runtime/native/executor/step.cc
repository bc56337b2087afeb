#include "executor/step.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace tensorplan {
namespace {

// Copies between devices go through a buffer that stays in the cache.
constexpr size_t kStagingBytes = 256 << 10;
constexpr uint32_t kNone = ~uint32_t{0};

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Step::Step(std::vector<DeviceSlot> devices, std::vector<Task> tasks, size_t symbol_count)
    : devices_(std::move(devices)),
      tasks_(tasks.size()),
      events_(tasks.size()),
      queues_(2 * devices_.size()),
      symbols_(symbol_count),
      host_{TP_ABI_VERSION, on_signal, on_wait, on_cancelled, this} {
  // The latest task that uses each device.
  std::vector<uint32_t> latest(devices_.size(), kNone);
  for (uint32_t i = 0; i < tasks.size(); i++) {
    check(tasks[i], i);
    Compiled& compiled = tasks_[i];
    Task& task = compiled.task = std::move(tasks[i]);
    events_[i].step = this;
    events_[i].task = i;

    std::vector<uint32_t> waits = task.waits;
    std::vector<uint32_t>& queue = queues_[queue_of(task)];
    if (!queue.empty()) compiled.before = queue.back();
    queue.push_back(i);
    if (task.kind == Task::Kind::run) {
      compiled.in_javascript = devices_[task.device].api == nullptr;
      // A device keeps its own programs in order.
      const uint32_t before = latest[task.device];
      if (before != kNone && tasks_[before].task.kind == Task::Kind::copy) waits.push_back(before);
      latest[task.device] = i;
      compiled.symbols.resize(task.symbols.size());
      compiled.bindings = {compiled.symbols.data(), compiled.symbols.size()};
    } else {
      compiled.in_javascript = devices_[task.from.device].api == nullptr || devices_[task.to.device].api == nullptr;
      if (!task.stream) {
        for (const int device : {task.from.device, task.to.device}) {
          if (latest[device] != kNone && latest[device] != i) waits.push_back(latest[device]);
          latest[device] = i;
        }
      }
    }
    std::sort(waits.begin(), waits.end());
    waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
    for (const uint32_t wait : waits) compiled.waits.push_back(&events_[wait]);
  }
}

size_t Step::queue_of(const Task& task) const {
  if (task.kind == Task::Kind::run) return task.device;
  return task.stream ? devices_.size() + task.to.device : task.to.device;
}

void Step::check(const Task& task, uint32_t index) const {
  const auto refuse = [&](const std::string& what) { throw std::invalid_argument("task " + std::to_string(index) + " " + what); };
  const auto check_device = [&](int device) {
    if (device < 0 || static_cast<size_t>(device) >= devices_.size()) refuse("names a device that isn't there");
  };
  const auto check_symbols = [&](const std::vector<uint32_t>& symbols) {
    for (const uint32_t symbol : symbols)
      if (symbol >= symbols_.size()) refuse("names a symbol that isn't there");
  };
  for (const uint32_t wait : task.waits)
    if (wait >= index) refuse("waits for a task that isn't an earlier one");
  if (task.kind == Task::Kind::run) {
    check_device(task.device);
    check_symbols(task.symbols);
    if (devices_[task.device].api != nullptr && task.program == nullptr) refuse("has no native program");
  } else {
    check_device(task.from.device);
    check_device(task.to.device);
    for (const Term& term : task.bytes) check_symbols(term.symbols);
  }
}

void Step::begin(const int64_t* symbols, int parts, std::function<void(StepResult)> finished) {
  std::copy_n(symbols, symbols_.size(), symbols_.begin());
  for (Compiled& each : tasks_)
    for (size_t i = 0; i < each.symbols.size(); i++) each.symbols[i] = symbols_[each.task.symbols[i]];
  for (tp_event& event : events_) event.reset();
  result_ = {};
  cancelled_.store(false, std::memory_order_relaxed);
  finished_ = std::move(finished);
  // One for each task and each queue, and one for this call, so that a step without tasks ends too.
  parts_left_.store(static_cast<int>(tasks_.size()) + parts + 1, std::memory_order_seq_cst);
}

void Step::run(uint32_t index, std::vector<uint8_t>& staging, const std::function<void(uint32_t)>& javascript) {
  Compiled& task = tasks_[index];
  tp_event& event = events_[index];
  if (timed_) task.entered.store(now(), std::memory_order_relaxed);
  if (task.in_javascript) {
    if (!wait_for_others(task)) return end(event, TP_CANCELLED, nullptr);
    javascript(index);
    event.wait();
  } else if (task.task.kind == Task::Kind::copy) {
    if (!wait_for_others(task)) return end(event, TP_CANCELLED, nullptr);
    copy(index, staging);
  } else {
    const tp_device_api* api = devices_[task.task.device].api;
    api->enqueue(api->device, task.task.program, &task.bindings, &host_, task.waits.data(), task.waits.size(), &event);
  }
}

void Step::leave() { part_done(); }

bool Step::wait_for_others(const Compiled& task) {
  bool ok = true;
  for (tp_event* wait : task.waits) ok = wait->wait() == TP_OK && ok;
  return ok && !cancelled_.load(std::memory_order_relaxed);
}

uint64_t Step::bytes_of(const Task& task) const {
  int64_t sum = 0;
  for (const Term& term : task.bytes) {
    int64_t product = term.coefficient;
    for (const uint32_t symbol : term.symbols) product *= symbols_[symbol];
    sum += product;
  }
  return static_cast<uint64_t>(sum);
}

void Step::copy(uint32_t index, std::vector<uint8_t>& staging) {
  const Task& task = tasks_[index].task;
  const tp_device_api* from = devices_[task.from.device].api;
  const tp_device_api* to = devices_[task.to.device].api;
  const uint64_t bytes = bytes_of(task);
  staging.resize(kStagingBytes);
  for (uint64_t done = 0; done < bytes; done += kStagingBytes) {
    const uint64_t count = std::min<uint64_t>(kStagingBytes, bytes - done);
    if (from->read(from->device, task.from.region, task.from.offset + done, staging.data(), count) != TP_OK ||
        to->write(to->device, task.to.region, task.to.offset + done, staging.data(), count) != TP_OK) {
      const std::string message = "cannot copy " + std::to_string(bytes) + " bytes of '" + task.value +
                                  "': the place isn't inside its region, or the device is disposed of";
      return end(events_[index], TP_FAILED, message.c_str());
    }
  }
  count_copy(index, bytes);
  end(events_[index], TP_OK, nullptr);
}

void Step::count_copy(uint32_t task, uint64_t bytes) {
  Compiled& compiled = tasks_[task];
  compiled.copies.fetch_add(1, std::memory_order_relaxed);
  compiled.copied_bytes.fetch_add(bytes, std::memory_order_relaxed);
  compiled.last_bytes.store(bytes, std::memory_order_relaxed);
}

TaskTime Step::time_of(uint32_t task) const {
  const Compiled& compiled = tasks_[task];
  TaskTime time{compiled.entered.load(std::memory_order_relaxed), compiled.ended.load(std::memory_order_relaxed)};
  const auto after = [&](uint32_t other) { time.begin = std::max(time.begin, tasks_[other].ended.load(std::memory_order_relaxed)); };
  for (const tp_event* wait : compiled.waits) after(wait->task);
  // A device may take programs into its own queue before it runs them.
  if (compiled.before >= 0) after(static_cast<uint32_t>(compiled.before));
  return time;
}

CopyCount Step::copy_count(uint32_t task) const {
  const Compiled& compiled = tasks_[task];
  return {compiled.copies.load(std::memory_order_relaxed), compiled.copied_bytes.load(std::memory_order_relaxed),
          compiled.last_bytes.load(std::memory_order_relaxed)};
}

void Step::settle(uint32_t task, tp_status status, const char* message) { end(events_[task], status, message); }

void Step::abandon() {
  cancel();
  for (uint32_t i = 0; i < tasks_.size(); i++)
    if (tasks_[i].in_javascript) end(events_[i], TP_CANCELLED, nullptr);
}

void Step::end(tp_event& event, tp_status status, const char* message) {
  if (!event.claim()) return;
  if (status != TP_OK) {
    {
      const std::lock_guard lock(result_mutex_);
      // A failure is why others were cancelled, so it is what the step reports.
      if (result_.status != TP_FAILED && (status == TP_FAILED || result_.status == TP_OK))
        result_ = {status, message == nullptr ? "" : message};
    }
    cancel();
  }
  if (timed_) tasks_[event.task].ended.store(now(), std::memory_order_relaxed);
  event.settle(status);
  part_done();
}

// The last thing that anybody does with the step: after the last part, `finished` may begin it anew or destroy it.
void Step::part_done() {
  if (parts_left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const auto finished = std::move(finished_);
  StepResult result = std::move(result_);
  finished(std::move(result));
}

void Step::on_signal(tp_event* event, tp_status status, const char* message) { event->step->end(*event, status, message); }

tp_status Step::on_wait(tp_event* event) { return event->wait(); }

int Step::on_cancelled(const tp_host* host) { return static_cast<const Step*>(host->state)->cancelled_.load(std::memory_order_relaxed); }

}  // namespace tensorplan
