#include "executor/step.h"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <thread>

#include "executor/executor.h"
#include "tensorplan/testing/check.h"

using namespace tensorplan;

namespace {

// A device whose programs are functions, and whose only memory is its arena.
struct FakeDevice {
  struct Program {
    std::function<tp_status(const tp_bindings&, const tp_host&)> body;
    const char* message = "it broke";
  };

  std::vector<uint8_t> arena = std::vector<uint8_t>(1 << 20);
  bool asynchronous = false;
  std::atomic<int> writes{0};
  std::vector<std::thread> threads;
  tp_device_api api{TP_ABI_VERSION, this, enqueue, nullptr, read, write, nullptr};

  ~FakeDevice() { join(); }
  void join() {
    for (auto& thread : threads) thread.join();
    threads.clear();
  }

  static void enqueue(void* device, void* program, const tp_bindings* bindings, const tp_host* host, tp_event* const* waits,
                      size_t wait_count, tp_event* done) {
    const auto work = [=] {
      for (size_t i = 0; i < wait_count; i++)
        if (host->wait(waits[i]) != TP_OK) return host->signal(done, TP_CANCELLED, nullptr);
      const auto* found = static_cast<Program*>(program);
      const tp_status status = found->body(*bindings, *host);
      host->signal(done, status, status == TP_FAILED ? found->message : nullptr);
    };
    auto* self = static_cast<FakeDevice*>(device);
    if (self->asynchronous)
      self->threads.emplace_back(work);
    else
      work();
  }
  static tp_status read(void* device, tp_region, uint64_t offset, void* into, uint64_t bytes) {
    auto& arena = static_cast<FakeDevice*>(device)->arena;
    if (offset + bytes > arena.size()) return TP_FAILED;
    std::memcpy(into, arena.data() + offset, bytes);
    return TP_OK;
  }
  static tp_status write(void* device, tp_region, uint64_t offset, const void* from, uint64_t bytes) {
    auto& arena = static_cast<FakeDevice*>(device)->arena;
    if (offset + bytes > arena.size()) return TP_FAILED;
    std::memcpy(arena.data() + offset, from, bytes);
    static_cast<FakeDevice*>(device)->writes++;
    return TP_OK;
  }
};

using Program = FakeDevice::Program;

Task run_task(int device, Program& program, std::vector<uint32_t> waits = {}, std::vector<uint32_t> symbols = {}) {
  Task task;
  task.device = device;
  task.program = &program;
  task.waits = std::move(waits);
  task.symbols = std::move(symbols);
  return task;
}

Task copy_task(int from, int to, int64_t bytes, std::vector<uint32_t> waits = {}, uint64_t offset = 0) {
  Task task;
  task.kind = Task::Kind::copy;
  task.value = "x";
  task.from = {from, TP_REGION_ARENA, offset};
  task.to = {to, TP_REGION_ARENA, offset};
  task.bytes = {{bytes, {}}};
  task.waits = std::move(waits);
  return task;
}

// Runs a step and waits for it. `javascript` answers for devices without an interface.
struct Runner {
  explicit Runner(std::vector<DeviceSlot> devices, std::function<void(uint32_t)> javascript = [](uint32_t) {})
      : executor(std::move(devices), std::move(javascript)) {}

  StepResult run(const std::shared_ptr<Step>& step, std::vector<int64_t> symbols = {}) {
    start(step, symbols);
    return wait();
  }
  void start(const std::shared_ptr<Step>& step, const std::vector<int64_t>& symbols = {}) {
    over = false;
    executor.run(step, symbols.data(), [this](StepResult given) {
      const std::lock_guard lock(mutex);
      result = std::move(given);
      over = true;
      changed.notify_all();
    });
  }
  StepResult wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return over; });
    return result;
  }

  Executor executor;
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  StepResult result;
};

Program adder(std::atomic<int>& sum, int amount) {
  return {[&sum, amount](const tp_bindings&, const tp_host&) {
    sum += amount;
    return TP_OK;
  }};
}

}  // namespace

TEST("programs get their own symbols, in their order, anew in each run") {
  FakeDevice device;
  std::vector<int64_t> seen;
  Program program{[&](const tp_bindings& bindings, const tp_host&) {
    seen.assign(bindings.symbols, bindings.symbols + bindings.symbol_count);
    return TP_OK;
  }};
  Runner runner({{&device.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{run_task(0, program, {}, {2, 0})}, 3);
  CHECK_EQ(runner.run(step, {5, 6, 7}).status, TP_OK);
  CHECK(seen == (std::vector<int64_t>{7, 5}));
  CHECK_EQ(runner.run(step, {1, 2, 3}).status, TP_OK);
  CHECK(seen == (std::vector<int64_t>{3, 1}));
}

TEST("a value travels from device to device through copies, which are counted") {
  for (const bool asynchronous : {false, true}) {
    FakeDevice a, b;
    a.asynchronous = b.asynchronous = asynchronous;
    Program fill{[&](const tp_bindings&, const tp_host&) {
      a.arena.assign(a.arena.size(), 7);
      return TP_OK;
    }};
    Program raise{[&](const tp_bindings&, const tp_host&) {
      for (auto& byte : b.arena) byte++;
      return TP_OK;
    }};
    Runner runner({{&a.api}, {&b.api}});
    const int64_t bytes = 700001;
    const auto step = std::make_shared<Step>(
        runner.executor.devices(),
        std::vector<Task>{run_task(0, fill), copy_task(0, 1, bytes, {0}), run_task(1, raise, {1}), copy_task(1, 0, bytes, {2})}, 0);
    for (int round = 0; round < 20; round++) {
      b.arena.assign(b.arena.size(), 0);
      CHECK_EQ(runner.run(step).status, TP_OK);
      CHECK_EQ(static_cast<int>(a.arena[bytes - 1]), 8);
      CHECK_EQ(static_cast<int>(b.arena[bytes]), 1);
      a.join();
      b.join();
    }
    CHECK_EQ(step->copy_count(1).count, 20u);
    CHECK_EQ(step->copy_count(1).bytes, 20 * static_cast<uint64_t>(bytes));
    CHECK_EQ(step->copy_count(3).last_bytes, static_cast<uint64_t>(bytes));
  }
}

TEST("a copy waits for the tasks before it on both devices, and later tasks of both wait for it, without being told") {
  FakeDevice a, b;
  Program slow_a{[&](const tp_bindings&, const tp_host&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    a.arena[0] = 1;
    return TP_OK;
  }};
  Program slow_b{[&](const tp_bindings&, const tp_host&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    b.arena[0] = 99;
    return TP_OK;
  }};
  Program reuse{[&](const tp_bindings&, const tp_host&) {
    a.arena[0] = 2;
    return TP_OK;
  }};
  std::atomic<int> seen{0};
  Program look{[&](const tp_bindings&, const tp_host&) {
    seen = b.arena[0];
    return TP_OK;
  }};
  Runner runner({{&a.api}, {&b.api}});
  const auto step = std::make_shared<Step>(
      runner.executor.devices(),
      std::vector<Task>{run_task(0, slow_a), run_task(1, slow_b), copy_task(0, 1, 1), run_task(0, reuse), run_task(1, look)}, 0);
  for (int round = 0; round < 5; round++) {
    CHECK_EQ(runner.run(step).status, TP_OK);
    CHECK_EQ(seen, 1);
    CHECK_EQ(static_cast<int>(a.arena[0]), 2);
  }
}

TEST("a stream takes no turn: it runs beside programs of both its devices, and only what waits for it comes after it") {
  FakeDevice a, b;
  const auto until_streamed = [&](const tp_bindings&, const tp_host&) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (b.writes == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return b.writes > 0 ? TP_OK : TP_FAILED;
  };
  Program beside_a{until_streamed}, beside_b{until_streamed};
  std::atomic<int> seen{0};
  Program look{[&](const tp_bindings&, const tp_host&) {
    seen = b.arena[64];
    return TP_OK;
  }};
  Task stream = copy_task(0, 1, 1, {}, 64);
  stream.stream = true;
  Runner runner({{&a.api}, {&b.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(),
                                           std::vector<Task>{run_task(0, beside_a), run_task(1, beside_b), stream, run_task(1, look, {2})}, 0);
  for (int round = 1; round < 5; round++) {
    b.writes = 0;
    a.arena[64] = static_cast<uint8_t>(round);
    CHECK_EQ(runner.run(step).status, TP_OK);
    CHECK_EQ(seen, round);
    CHECK_EQ(step->copy_count(2).count, static_cast<uint64_t>(round));
  }
}

TEST("a stream waits for the tasks that it is told to") {
  FakeDevice a, b;
  Program earlier{[&](const tp_bindings&, const tp_host&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    b.arena[0] = 99;
    return TP_OK;
  }};
  a.arena[0] = 5;
  Task stream = copy_task(0, 1, 1, {0});
  stream.stream = true;
  Runner runner({{&a.api}, {&b.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{run_task(1, earlier), stream}, 0);
  CHECK_EQ(runner.run(step).status, TP_OK);
  CHECK_EQ(static_cast<int>(b.arena[0]), 5);
}

TEST("independent tasks of two devices run at the same time") {
  FakeDevice a, b;
  std::atomic<int> inside{0};
  Program meet{[&](const tp_bindings&, const tp_host&) {
    inside++;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (inside < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return inside == 2 ? TP_OK : TP_FAILED;
  }};
  Runner runner({{&a.api}, {&b.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{run_task(0, meet), run_task(1, meet)}, 0);
  CHECK_EQ(runner.run(step).status, TP_OK);
}

TEST("a failure is reported with its message, what depends on it doesn't run, and the step can run again") {
  FakeDevice a, b;
  bool broken = true;
  Program breaks{[&](const tp_bindings&, const tp_host&) { return broken ? TP_FAILED : TP_OK; }};
  std::atomic<int> sum{0};
  Program after = adder(sum, 1);
  Runner runner({{&a.api}, {&b.api}});
  const auto step =
      std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{run_task(0, breaks), run_task(1, after, {0})}, 0);
  const StepResult result = runner.run(step);
  CHECK_EQ(result.status, TP_FAILED);
  CHECK_EQ(result.message, "it broke");
  CHECK_EQ(sum, 0);
  broken = false;
  CHECK_EQ(runner.run(step).status, TP_OK);
  CHECK_EQ(sum, 1);
}

TEST("a copy outside the memory fails with the value's name") {
  FakeDevice a, b;
  Runner runner({{&a.api}, {&b.api}});
  const auto step =
      std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{copy_task(0, 1, 2 << 20)}, 0);
  const StepResult result = runner.run(step);
  CHECK_EQ(result.status, TP_FAILED);
  CHECK(result.message.find("of 'x'") != std::string::npos);
  CHECK_EQ(step->copy_count(0).count, 0u);
}

TEST("cancellation reaches running programs and skips the rest") {
  FakeDevice device;
  std::atomic<bool> started{false};
  Program endless{[&](const tp_bindings&, const tp_host& host) {
    started = true;
    while (!host.cancelled(&host)) std::this_thread::yield();
    return TP_CANCELLED;
  }};
  Runner runner({{&device.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{run_task(0, endless)}, 0);
  runner.start(step);
  while (!started) std::this_thread::yield();
  step->cancel();
  CHECK_EQ(runner.wait().status, TP_CANCELLED);
}

TEST("a device that JavaScript runs takes its turn, and a late or double answer does no harm") {
  FakeDevice native;
  std::atomic<int> sum{0};
  Program first = adder(sum, 1), last = adder(sum, 100);
  std::shared_ptr<Step> step;
  Runner runner({{&native.api}, {nullptr}}, [&](uint32_t task) {
    CHECK_EQ(sum, 1);
    sum += 10;
    step->settle(task, TP_OK, nullptr);
    step->settle(task, TP_FAILED, "too late");
  });
  Task scripted;
  scripted.device = 1;
  scripted.waits = {0};
  step = std::make_shared<Step>(runner.executor.devices(),
                                std::vector<Task>{run_task(0, first), scripted, run_task(0, last, {1})}, 0);
  CHECK(step->runs_in_javascript(1));
  CHECK(!step->runs_in_javascript(0));
  CHECK_EQ(runner.run(step).status, TP_OK);
  CHECK_EQ(sum, 111);
}

TEST("a step whose JavaScript never answers can be abandoned") {
  std::atomic<bool> asked{false};
  Runner runner({{nullptr}}, [&](uint32_t) { asked = true; });
  Task scripted;
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{scripted}, 0);
  runner.start(step);
  while (!asked) std::this_thread::yield();
  step->abandon();
  CHECK_EQ(runner.wait().status, TP_CANCELLED);
}

TEST("a step without tasks ends at once") {
  FakeDevice device;
  Runner runner({{&device.api}});
  const auto step = std::make_shared<Step>(runner.executor.devices(), std::vector<Task>{}, 0);
  CHECK_EQ(runner.run(step).status, TP_OK);
}

TEST("tasks that name what isn't there are refused") {
  FakeDevice device;
  Program program{[](const tp_bindings&, const tp_host&) { return TP_OK; }};
  const auto make = [&](Task task) { return Step({{&device.api}}, {std::move(task)}, 1).task_count(); };
  CHECK_THROWS(make(run_task(1, program)), "task 0 names a device that isn't there");
  CHECK_THROWS(make(run_task(0, program, {0})), "waits for a task that isn't an earlier one");
  CHECK_THROWS(make(run_task(0, program, {}, {1})), "names a symbol that isn't there");
  CHECK_THROWS(make(copy_task(0, 3, 8)), "names a device that isn't there");
  Task task;
  CHECK_THROWS(make(task), "has no native program");
}

TEST("notes when tasks begin and end, of the latest run that was asked to") {
  for (const bool asynchronous : {false, true}) {
    FakeDevice a, b;
    a.asynchronous = b.asynchronous = asynchronous;
    Program slow{[](const tp_bindings&, const tp_host&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
      return TP_OK;
    }};
    Runner runner({{&a.api}, {&b.api}});
    const auto step = std::make_shared<Step>(
        runner.executor.devices(),
        std::vector<Task>{run_task(0, slow), copy_task(0, 1, 1 << 19, {0}), run_task(1, slow, {1}), run_task(1, slow, {2})}, 0);
    CHECK_EQ(runner.run(step).status, TP_OK);
    CHECK_EQ(step->time_of(2).end, 0);
    step->record_times(true);
    CHECK_EQ(runner.run(step).status, TP_OK);
    for (uint32_t i = 0; i < 4; i++) {
      const TaskTime time = step->time_of(i);
      CHECK(time.begin > 0);
      CHECK(time.end > time.begin);
      if (i > 0) CHECK(time.begin >= step->time_of(i - 1).end);
    }
    CHECK(step->time_of(0).end - step->time_of(0).begin >= 4'000'000);
    CHECK(step->time_of(2).end - step->time_of(2).begin >= 4'000'000);
    const int64_t ended = step->time_of(3).end;
    step->record_times(false);
    CHECK_EQ(runner.run(step).status, TP_OK);
    CHECK_EQ(step->time_of(3).end, ended);
    a.join();
    b.join();
  }
}

TEST("many short steps in a row") {
  FakeDevice a, b;
  std::atomic<int> sum{0};
  Program one = adder(sum, 1);
  Runner runner({{&a.api}, {&b.api}});
  const auto step = std::make_shared<Step>(
      runner.executor.devices(),
      std::vector<Task>{run_task(0, one), copy_task(0, 1, 64), run_task(1, one), run_task(0, one), copy_task(1, 0, 64), run_task(0, one)}, 0);
  for (int round = 0; round < 2000; round++) CHECK_EQ(runner.run(step).status, TP_OK);
  CHECK_EQ(sum, 8000);
}

TEST_MAIN
