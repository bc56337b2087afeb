// What one Node environment (the main thread, or a worker) keeps of this add-on.
#pragma once

#include <napi.h>

#include <memory>
#include <set>

#include "core/device.h"

namespace tensorplan::addon {

struct Instance {
  Napi::FunctionReference program_class;
  std::set<std::weak_ptr<Device>, std::owner_less<>> devices;  // closed when the environment ends, so that no step holds that up

  // Called before the environment's objects go.
  void end() {
    for (const auto& each : devices)
      if (const auto device = each.lock()) device->close();
    devices.clear();
  }
};

}  // namespace tensorplan::addon
