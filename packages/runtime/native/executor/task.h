// What a step consists of, as it is compiled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorplan/executor_api.h"

namespace tensorplan {

// A device with a C interface, or (`api` null) one that JavaScript runs.
struct DeviceSlot {
  const tp_device_api* api = nullptr;
};

struct Place {
  int device = 0;
  tp_region region = TP_REGION_ARENA;
  uint64_t offset = 0;
};

// Σ coefficient × Π symbols
struct Term {
  int64_t coefficient = 0;
  std::vector<uint32_t> symbols;
};

struct Task {
  enum class Kind { run, copy };
  Kind kind = Kind::run;
  std::vector<uint32_t> waits;  // earlier tasks

  // run
  int device = 0;
  void* program = nullptr;       // of a device with a C interface
  std::vector<uint32_t> symbols;  // of the step, in the program's order

  // copy
  std::string value;
  Place from, to;
  bool stream = false;  // takes no turn on its devices
  std::vector<Term> bytes;
};

// When a task ran, in nanoseconds of std::chrono::steady_clock.
struct TaskTime {
  int64_t begin = 0, end = 0;
};

// What a copy task added up to.
struct CopyCount {
  uint64_t count = 0, bytes = 0, last_bytes = 0;
};

}  // namespace tensorplan
