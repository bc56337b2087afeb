#include "addon/cpu_device.h"

#include <exception>
#include <string>
#include <utility>

#include "addon/canceller.h"
#include "addon/cpu_program.h"
#include "addon/instance.h"
#include "addon/parse.h"
#include "core/cpu_features.h"
#include "core/weight_map.h"

namespace tensorplan::addon {
namespace {

struct Bytes {
  uint8_t* data;
  size_t count;
};

Bytes bytes_of(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(value.Env(), "bytes must be a Uint8Array");
  auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

// C++ exceptions become JavaScript ones.
template <class Body>
auto guarded(Napi::Env env, const Body& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(env, "out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

}  // namespace

Napi::Function CpuDevice::define(Napi::Env env) {
  return DefineClass(env, "CpuDevice",
                     {InstanceMethod<&CpuDevice::allocate>("allocate"), InstanceMethod<&CpuDevice::load_weight>("loadWeight"),
                      InstanceMethod<&CpuDevice::compile>("compile"), InstanceMethod<&CpuDevice::write>("write"),
                      InstanceMethod<&CpuDevice::read>("read"), InstanceMethod<&CpuDevice::counters>("counters"),
                      InstanceMethod<&CpuDevice::api>("api"), InstanceMethod<&CpuDevice::dispose>("dispose")});
}

CpuDevice::CpuDevice(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const int64_t threads = parse_integer(info[0], "threads");
  if (threads < 1 || threads > 1024) throw Napi::RangeError::New(info.Env(), "threads must be from 1 to 1024");
  if (!info[1].IsString()) throw Napi::TypeError::New(info.Env(), "isa must be a string");
  const std::string isa = info[1].As<Napi::String>();
  guarded(info.Env(), [&] { device_ = std::make_shared<Device>(static_cast<int>(threads), cpu_features(isa)); });
  background_ = std::make_shared<Background>(info.Env(), device_);
}

const std::shared_ptr<Device>& CpuDevice::device(Napi::Env env) const {
  if (device_ == nullptr) throw Napi::Error::New(env, "the device is disposed of");
  return device_;
}

void CpuDevice::allocate(const Napi::CallbackInfo& info) {
  const tp_region region = parse_region(info[0]);
  const int64_t bytes = parse_integer(info[1], "bytes");
  guarded(info.Env(), [&] { device(info.Env())->allocate(region, static_cast<uint64_t>(bytes)); });
}

Napi::Value CpuDevice::load_weight(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "a weight must be an object");
  auto job = std::make_shared<WeightJob>(parse_weight(info[0].As<Napi::Object>()));
  const bool from_file = info[1].IsString();
  const std::string path = from_file ? info[1].As<Napi::String>().Utf8Value() : "";
  const Bytes memory = from_file ? Bytes{nullptr, 0} : bytes_of(info[1]);
  auto work = [device = device(env), job, path, from_file, memory, flag = Canceller::flag_of(info[2])](std::string& message) {
    try {
      if (job->mapped) {
        if (!from_file) throw std::invalid_argument("weight " + job->name + " isn't in a file, so that it can't be mapped");
        map_weight(*device, *job, FileSource(path));
        return TP_OK;
      }
      const bool finished = from_file ? tensorplan::load_weight(*device, *job, FileSource(path), Canceller::is_set, flag.get())
                                      : tensorplan::load_weight(*device, *job, MemorySource(memory.data, memory.count), Canceller::is_set, flag.get());
      return finished ? TP_OK : TP_CANCELLED;
    } catch (const std::exception& error) {
      message = error.what();
      return TP_FAILED;
    }
  };
  return background_->run(env, std::move(work), info[1]);
}

Napi::Value CpuDevice::compile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "a program must be an object");
  auto holder = std::make_shared<ProgramHolder>();
  holder->device = device(env);
  ProgramDesc desc = parse_program(info[0].As<Napi::Object>());
  guarded(env, [&] { holder->program = std::make_unique<Program>(*holder->device, std::move(desc)); });
  const Napi::Object program = env.GetInstanceData<Instance>()->program_class.New({});
  CpuProgram::Unwrap(program)->set(std::move(holder), background_);
  return program;
}

void CpuDevice::write(const Napi::CallbackInfo& info) {
  const tp_region region = parse_region(info[0]);
  const int64_t offset = parse_integer(info[1], "offset");
  const Bytes from = bytes_of(info[2]);
  guarded(info.Env(), [&] { device(info.Env())->write(region, static_cast<uint64_t>(offset), from.data, from.count); });
}

void CpuDevice::read(const Napi::CallbackInfo& info) {
  const tp_region region = parse_region(info[0]);
  const int64_t offset = parse_integer(info[1], "offset");
  const Bytes into = bytes_of(info[2]);
  guarded(info.Env(), [&] { device(info.Env())->read(region, static_cast<uint64_t>(offset), into.data, into.count); });
}

Napi::Value CpuDevice::counters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Counters counters = device(env)->counters();
  Napi::Object regions = Napi::Object::New(env);
  for (int r = 0; r < kRegions; r++)
    regions.Set(region_name(static_cast<tp_region>(r)), Napi::Number::New(env, static_cast<double>(counters.region_bytes[r])));
  Napi::Object result = Napi::Object::New(env);
  result.Set("regionBytes", regions);
  result.Set("peakBytes", Napi::Number::New(env, static_cast<double>(counters.peak_bytes)));
  result.Set("bytesIn", Napi::Number::New(env, static_cast<double>(counters.bytes_in)));
  result.Set("bytesOut", Napi::Number::New(env, static_cast<double>(counters.bytes_out)));
  result.Set("loadedBytes", Napi::Number::New(env, static_cast<double>(counters.loaded_bytes)));
  result.Set("runs", Napi::Number::New(env, static_cast<double>(counters.runs)));
  return result;
}

Napi::Value CpuDevice::api(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  DeviceHandle* handle = make_device_handle(device(env)).release();
  const auto external = Napi::External<DeviceHandle>::New(env, handle, [](Napi::Env, DeviceHandle* done) { delete done; });
  static const napi_type_tag kTag = {TP_DEVICE_API_TAG_LO, TP_DEVICE_API_TAG_HI};
  if (napi_type_tag_object(env, external, &kTag) != napi_ok) throw Napi::Error::New(env, "cannot tag a device's handle");
  return external;
}

void CpuDevice::dispose(const Napi::CallbackInfo&) {
  if (device_ == nullptr) return;
  device_->close();
  device_.reset();
  background_.reset();
}

}  // namespace tensorplan::addon
