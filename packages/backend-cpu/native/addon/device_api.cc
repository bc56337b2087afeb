#include "addon/device_api.h"

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace tensorplan::addon {
namespace {

Device& device_of(void* device) { return *static_cast<DeviceHandle*>(device)->device; }

bool step_cancelled(const void* state) {
  const auto* host = static_cast<const tp_host*>(state);
  return host->cancelled(host) != 0;
}

void enqueue(void*, void* program, const tp_bindings* bindings, const tp_host* host, tp_event* const* waits, size_t wait_count,
             tp_event* done) {
  for (size_t i = 0; i < wait_count; i++) {
    if (host->wait(waits[i]) == TP_OK) continue;
    host->signal(done, TP_CANCELLED, nullptr);
    return;
  }
  const std::shared_ptr<ProgramHolder> holder = static_cast<ProgramHandle*>(program)->holder;
  std::string message;
  const tp_status status = holder->program->run(bindings->symbols, bindings->symbol_count, step_cancelled, host, message);
  host->signal(done, status, status == TP_FAILED ? message.c_str() : nullptr);
}

uint8_t* host_address(void* device, tp_region region) { return device_of(device).base(region); }

tp_status read(void* device, tp_region region, uint64_t offset, void* into, uint64_t bytes) {
  try {
    device_of(device).read(region, offset, into, bytes);
    return TP_OK;
  } catch (const std::exception&) {
    return TP_FAILED;
  }
}

tp_status write(void* device, tp_region region, uint64_t offset, const void* from, uint64_t bytes) {
  try {
    device_of(device).write(region, offset, from, bytes);
    return TP_OK;
  } catch (const std::exception&) {
    return TP_FAILED;
  }
}

void count_copy(void* device, uint64_t bytes_in, uint64_t bytes_out) { device_of(device).count_copy(bytes_in, bytes_out); }

}  // namespace

std::unique_ptr<DeviceHandle> make_device_handle(std::shared_ptr<Device> device) {
  static_assert(offsetof(DeviceHandle, api) == 0);
  auto handle = std::make_unique<DeviceHandle>();
  handle->device = std::move(device);
  handle->api = {TP_ABI_VERSION, handle.get(), enqueue, host_address, read, write, count_copy};
  return handle;
}

}  // namespace tensorplan::addon
