#include "addon/parse_task.h"

#include <cmath>
#include <string>

namespace tensorplan::addon {
namespace {

[[noreturn]] void refuse(Napi::Env env, const std::string& message) { throw Napi::TypeError::New(env, message); }

Napi::Array array_in(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray()) refuse(object.Env(), std::string(name) + " must be an array");
  return value.As<Napi::Array>();
}

std::vector<uint32_t> indexes(const Napi::Array& array, uint32_t first, const char* what) {
  std::vector<uint32_t> values;
  for (uint32_t i = first; i < array.Length(); i++) {
    const int64_t value = parse_integer(array.Get(i), what);
    if (value > 0xffffffffLL) refuse(array.Env(), std::string(what) + " is too large");
    values.push_back(static_cast<uint32_t>(value));
  }
  return values;
}

int device_in(const Napi::Object& object) {
  const int64_t device = parse_integer(object.Get("device"), "device");
  if (device > 0x7fffffff) refuse(object.Env(), "device is too large");
  return static_cast<int>(device);
}

Place place_in(const Napi::Object& task, const char* name) {
  const Napi::Value value = task.Get(name);
  if (!value.IsObject()) refuse(task.Env(), std::string(name) + " must be an object");
  const auto object = value.As<Napi::Object>();
  const int64_t region = parse_integer(object.Get("region"), "region");
  if (region > TP_REGION_ARENA) refuse(task.Env(), "unknown region");
  return {device_in(object), static_cast<tp_region>(region), static_cast<uint64_t>(parse_integer(object.Get("offset"), "offset"))};
}

}  // namespace

int64_t parse_integer(const Napi::Value& value, const char* what) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= 0 && number <= 9007199254740992.0 && std::floor(number) == number) return static_cast<int64_t>(number);
  }
  refuse(value.Env(), std::string(what) + " must be a whole number from 0 to 2^53");
}

void* open_external(const Napi::Value& value, uint64_t tag_low, uint64_t tag_high, const char* what) {
  const napi_type_tag tag = {tag_low, tag_high};
  bool tagged = false;
  if (!value.IsExternal() || napi_check_object_type_tag(value.Env(), value, &tag, &tagged) != napi_ok || !tagged)
    refuse(value.Env(), std::string(what) + " must be a handle that a backend's add-on made");
  return value.As<Napi::External<void>>().Data();
}

Task parse_task(const Napi::Value& value) {
  if (!value.IsObject()) refuse(value.Env(), "a task must be an object");
  const auto object = value.As<Napi::Object>();
  Task task;
  task.waits = indexes(array_in(object, "waits"), 0, "a task");
  const Napi::Value copied = object.Get("value");
  if (copied.IsString()) {
    task.kind = Task::Kind::copy;
    task.value = copied.As<Napi::String>();
    task.stream = object.Get("stream").ToBoolean();
    task.from = place_in(object, "from");
    task.to = place_in(object, "to");
    const Napi::Array bytes = array_in(object, "bytes");
    for (uint32_t i = 0; i < bytes.Length(); i++) {
      if (!bytes.Get(i).IsArray()) refuse(value.Env(), "a term must be an array");
      const auto term = bytes.Get(i).As<Napi::Array>();
      task.bytes.push_back({parse_integer(term.Get(0u), "coefficient"), indexes(term, 1, "a symbol")});
    }
    return task;
  }
  task.device = device_in(object);
  task.symbols = indexes(array_in(object, "symbols"), 0, "a symbol");
  const Napi::Value program = object.Get("program");
  if (!program.IsNull()) task.program = open_external(program, TP_PROGRAM_TAG_LO, TP_PROGRAM_TAG_HI, "a program");
  return task;
}

}  // namespace tensorplan::addon
