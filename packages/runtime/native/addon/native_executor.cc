#include "addon/native_executor.h"

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "addon/instance.h"
#include "addon/parse_task.h"

namespace tensorplan::addon {
namespace {

// A step and the Externals of the programs that it points to. Made and destroyed on the main thread.
struct StepOwner {
  StepOwner(const std::vector<DeviceSlot>& devices, std::vector<Task> tasks, size_t symbol_count)
      : step(devices, std::move(tasks), symbol_count) {}
  Step step;
  std::vector<Napi::Reference<Napi::Value>> programs;
};

}  // namespace

Napi::Function NativeExecutor::define(Napi::Env env) {
  return DefineClass(env, "NativeExecutor",
                     {InstanceMethod<&NativeExecutor::compile>("compile"), InstanceMethod<&NativeExecutor::dispose>("dispose")});
}

NativeExecutor::NativeExecutor(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray() || !info[1].IsFunction()) throw Napi::TypeError::New(env, "an executor needs devices and a listener");
  const auto handles = info[0].As<Napi::Array>();
  std::vector<DeviceSlot> devices;
  std::vector<Napi::Reference<Napi::Value>> kept;
  for (uint32_t i = 0; i < handles.Length(); i++) {
    const Napi::Value handle = handles.Get(i);
    DeviceSlot slot;
    if (!handle.IsNull()) {
      slot.api = static_cast<const tp_device_api*>(open_external(handle, TP_DEVICE_API_TAG_LO, TP_DEVICE_API_TAG_HI, "a device"));
      if (slot.api->abi != TP_ABI_VERSION) {
        throw Napi::Error::New(env, "device " + std::to_string(i) + " was built for version " + std::to_string(slot.api->abi) +
                                        " of the executor's interface; this one has " + std::to_string(TP_ABI_VERSION));
      }
      kept.push_back(Napi::Reference<Napi::Value>::New(handle, 1));
    }
    devices.push_back(slot);
  }
  try {
    core_ = std::make_shared<ExecutorCore>(env, std::move(devices), std::move(kept), info[1].As<Napi::Function>());
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

Napi::Value NativeExecutor::compile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (core_ == nullptr) throw Napi::Error::New(env, "the executor is disposed of");
  if (!info[0].IsArray()) throw Napi::TypeError::New(env, "tasks must be an array");
  const auto array = info[0].As<Napi::Array>();
  std::vector<Task> tasks;
  std::vector<Napi::Reference<Napi::Value>> programs;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value task = array.Get(i);
    tasks.push_back(parse_task(task));
    if (tasks.back().program != nullptr)
      programs.push_back(Napi::Reference<Napi::Value>::New(task.As<Napi::Object>().Get("program"), 1));
  }
  const auto symbol_count = static_cast<size_t>(parse_integer(info[1], "symbolCount"));
  std::shared_ptr<StepOwner> owner;
  try {
    owner = std::make_shared<StepOwner>(core_->devices(), std::move(tasks), symbol_count);
  } catch (const std::invalid_argument& error) {
    throw Napi::Error::New(env, error.what());
  }
  owner->programs = std::move(programs);
  const Napi::Object object = env.GetInstanceData<Instance>()->step_class.New({});
  NativeStep::Unwrap(object)->set(core_, std::shared_ptr<Step>(owner, &owner->step));
  return object;
}

void NativeExecutor::dispose(const Napi::CallbackInfo&) {
  if (core_ != nullptr) core_->dispose();
}

Napi::Function NativeStep::define(Napi::Env env) {
  return DefineClass(env, "NativeStep",
                     {InstanceMethod<&NativeStep::run>("run"), InstanceMethod<&NativeStep::cancel>("cancel"),
                      InstanceMethod<&NativeStep::settle>("settle"), InstanceMethod<&NativeStep::count_copy>("countCopy"),
                      InstanceMethod<&NativeStep::record_times>("recordTimes"), InstanceMethod<&NativeStep::times>("times"),
                      InstanceMethod<&NativeStep::ledger>("ledger"), InstanceMethod<&NativeStep::in_javascript>("inJavascript")});
}

const std::shared_ptr<Step>& NativeStep::step(Napi::Env env) const {
  if (step_ == nullptr) throw Napi::Error::New(env, "the step wasn't made by an executor");
  return step_;
}

void NativeStep::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Step>& running = step(env);
  if (!info[0].IsArray()) throw Napi::TypeError::New(env, "symbols must be an array");
  const auto array = info[0].As<Napi::Array>();
  if (array.Length() != running->symbol_count()) throw Napi::TypeError::New(env, "wrong number of symbols");
  std::vector<int64_t> symbols;
  for (uint32_t i = 0; i < array.Length(); i++) symbols.push_back(parse_integer(array.Get(i), "a symbol's value"));
  if (core_->closed()) throw Napi::Error::New(env, "the executor is disposed of");
  if (core_->running()) throw Napi::Error::New(env, "a step is running");
  core_->run(env, running, symbols.data());
}

void NativeStep::cancel(const Napi::CallbackInfo& info) { step(info.Env())->cancel(); }

void NativeStep::settle(const Napi::CallbackInfo& info) {
  const int64_t task = parse_integer(info[0], "task");
  const int64_t status = parse_integer(info[1], "status");
  if (task >= static_cast<int64_t>(step(info.Env())->task_count()) || status > TP_FAILED)
    throw Napi::RangeError::New(info.Env(), "no such task or status");
  const std::string message = info[2].IsString() ? info[2].As<Napi::String>().Utf8Value() : "";
  step_->settle(static_cast<uint32_t>(task), static_cast<tp_status>(status), message.c_str());
}

void NativeStep::count_copy(const Napi::CallbackInfo& info) {
  const int64_t task = parse_integer(info[0], "task");
  if (task >= static_cast<int64_t>(step(info.Env())->task_count())) throw Napi::RangeError::New(info.Env(), "no such task");
  step_->count_copy(static_cast<uint32_t>(task), static_cast<uint64_t>(parse_integer(info[1], "bytes")));
}

void NativeStep::record_times(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) throw Napi::TypeError::New(info.Env(), "on or off?");
  if (core_->running()) throw Napi::Error::New(info.Env(), "a step is running");
  step(info.Env())->record_times(info[0].As<Napi::Boolean>().Value());
}

Napi::Value NativeStep::times(const Napi::CallbackInfo& info) {
  const size_t count = step(info.Env())->task_count();
  Napi::Float64Array times = Napi::Float64Array::New(info.Env(), 2 * count);
  for (size_t i = 0; i < count; i++) {
    const TaskTime time = step_->time_of(static_cast<uint32_t>(i));
    times[2 * i] = static_cast<double>(time.begin);
    times[2 * i + 1] = static_cast<double>(time.end);
  }
  return times;
}

Napi::Value NativeStep::ledger(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto count = static_cast<uint32_t>(step(env)->task_count());
  Napi::Array rows = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++) {
    const CopyCount copies = step_->copy_count(i);
    Napi::Array row = Napi::Array::New(env, 3);
    row.Set(0u, Napi::Number::New(env, static_cast<double>(copies.count)));
    row.Set(1u, Napi::Number::New(env, static_cast<double>(copies.bytes)));
    row.Set(2u, Napi::Number::New(env, static_cast<double>(copies.last_bytes)));
    rows.Set(i, row);
  }
  return rows;
}

Napi::Value NativeStep::in_javascript(const Napi::CallbackInfo& info) {
  const int64_t task = parse_integer(info[0], "task");
  if (task >= static_cast<int64_t>(step(info.Env())->task_count())) throw Napi::RangeError::New(info.Env(), "no such task");
  return Napi::Boolean::New(info.Env(), step_->runs_in_javascript(static_cast<uint32_t>(task)));
}

}  // namespace tensorplan::addon
