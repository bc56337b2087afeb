// Waiting between threads: spin for some microseconds, then sleep until a 32-bit word changes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tensorplan {

// Returns at once if `word` isn't `seen`; may return early.
inline void futex_wait(std::atomic<uint32_t>& word, uint32_t seen) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
#else
  word.wait(seen);
#endif
}

inline void futex_wake(std::atomic<uint32_t>& word, int count) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
#else
  if (count == 1)
    word.notify_one();
  else
    word.notify_all();
#endif
}

inline void cpu_relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until `ready()` or for about 30 µs, which is less than putting a thread to sleep and waking it costs; returns `ready()`.
template <class Ready>
bool spin_until(const Ready& ready) {
  const auto spin = [&ready] {
    for (int i = 0; i < 16; i++) {
      if (ready()) return true;
      cpu_relax();
    }
    return false;
  };
  if (spin()) return true;
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(30);
  do {
    if (spin()) return true;
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

}  // namespace tensorplan
