#include "addon/cpu_program.h"

#include <utility>
#include <vector>

#include "addon/canceller.h"
#include "addon/parse.h"

namespace tensorplan::addon {

Napi::Function CpuProgram::define(Napi::Env env) {
  return DefineClass(env, "CpuProgram",
                     {InstanceMethod<&CpuProgram::run>("run"), InstanceMethod<&CpuProgram::handle>("handle"),
                      InstanceMethod<&CpuProgram::set_timing>("setTiming"), InstanceMethod<&CpuProgram::moments>("moments"),
                      InstanceMethod<&CpuProgram::dispose>("dispose")});
}

Napi::Value CpuProgram::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (holder_ == nullptr) throw Napi::Error::New(env, "the program is disposed of");
  if (!info[0].IsArray()) throw Napi::TypeError::New(env, "symbols must be an array");
  const auto array = info[0].As<Napi::Array>();
  std::vector<int64_t> symbols;
  for (uint32_t i = 0; i < array.Length(); i++) symbols.push_back(parse_integer(array.Get(i), "a symbol's value"));
  auto work = [holder = holder_, symbols = std::move(symbols), flag = Canceller::flag_of(info[1])](std::string& message) {
    return holder->program->run(symbols.data(), symbols.size(), Canceller::is_set, flag.get(), message);
  };
  return background_->run(env, std::move(work), env.Undefined());
}

Napi::Value CpuProgram::handle(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (holder_ == nullptr) throw Napi::Error::New(env, "the program is disposed of");
  auto* handle = new ProgramHandle{holder_};
  const auto external = Napi::External<ProgramHandle>::New(env, handle, [](Napi::Env, ProgramHandle* done) { delete done; });
  static const napi_type_tag kTag = {TP_PROGRAM_TAG_LO, TP_PROGRAM_TAG_HI};
  if (napi_type_tag_object(env, external, &kTag) != napi_ok) throw Napi::Error::New(env, "cannot tag a program's handle");
  return external;
}

void CpuProgram::set_timing(const Napi::CallbackInfo& info) {
  if (holder_ == nullptr) throw Napi::Error::New(info.Env(), "the program is disposed of");
  holder_->program->set_timing(info[0].ToBoolean());
}

Napi::Value CpuProgram::moments(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (holder_ == nullptr) throw Napi::Error::New(env, "the program is disposed of");
  const std::vector<int64_t> moments = holder_->program->moments();
  Napi::Float64Array array = Napi::Float64Array::New(env, moments.size());
  for (size_t i = 0; i < moments.size(); i++) array[i] = static_cast<double>(moments[i]);
  return array;
}

void CpuProgram::dispose(const Napi::CallbackInfo&) {
  holder_.reset();
  background_.reset();
}

}  // namespace tensorplan::addon
