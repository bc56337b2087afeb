// The end of one task, as other tasks wait for it.
#pragma once

#include <atomic>
#include <cstdint>

#include "tensorplan/executor_api.h"

namespace tensorplan {
class Step;
}

struct tp_event {
  tensorplan::Step* step = nullptr;
  uint32_t task = 0;
  std::atomic<uint32_t> state{0};  // 0: not over, else status + 1
  std::atomic<bool> claimed{false};

  // Before a step begins.
  void reset() {
    state.store(0, std::memory_order_relaxed);
    claimed.store(false, std::memory_order_relaxed);
  }
  // True for the first caller only: it may then call `settle`.
  bool claim() { return !claimed.exchange(true, std::memory_order_acq_rel); }
  void settle(tp_status status);
  // Spins, then sleeps.
  tp_status wait();
};
