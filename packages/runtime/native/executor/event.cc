#include "executor/event.h"

#include <climits>

#include "tensorplan/futex.h"

void tp_event::settle(tp_status status) {
  state.store(static_cast<uint32_t>(status) + 1, std::memory_order_seq_cst);
  tensorplan::futex_wake(state, INT_MAX);
}

tp_status tp_event::wait() {
  const auto over = [this] { return state.load(std::memory_order_acquire) != 0; };
  if (!tensorplan::spin_until(over)) {
    while (!over()) tensorplan::futex_wait(state, 0);
  }
  return static_cast<tp_status>(state.load(std::memory_order_acquire) - 1);
}
