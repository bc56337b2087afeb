// The C interface of a device and its programs (tensorplan/executor_api.h), on shared ownership: what the executor holds stays valid after
// JavaScript has disposed of the objects, and then answers with errors.
#pragma once

#include <memory>

#include "core/device.h"
#include "core/program.h"
#include "tensorplan/executor_api.h"

namespace tensorplan::addon {

struct ProgramHolder {
  std::shared_ptr<Device> device;  // outlives the program
  std::unique_ptr<Program> program;
};

// What a program's External points to.
struct ProgramHandle {
  std::shared_ptr<ProgramHolder> holder;
};

// What a device's External points to: the interface first.
struct DeviceHandle {
  tp_device_api api;
  std::shared_ptr<Device> device;
};

std::unique_ptr<DeviceHandle> make_device_handle(std::shared_ptr<Device> device);

}  // namespace tensorplan::addon
