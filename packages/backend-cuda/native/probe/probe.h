// Which GPUs there are, or why none can be used.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tensorplan::cuda {

struct Gpu {
  int index;
  std::string name;
  uint64_t memory_bytes;
  int compute_major, compute_minor;
  int multiprocessors;
  double clock_hz;
  double bandwidth;  // bytes per second, by the memory's clock and width
};

struct ProbeResult {
  std::vector<Gpu> gpus;
  std::string code, reason;  // when there are none
};

// Never throws.
ProbeResult probe();

}  // namespace tensorplan::cuda
