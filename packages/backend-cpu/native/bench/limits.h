// What the machine can do at most, measured beside the kernels: eight-bit dot products and reading memory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace tensorplan::bench {

inline double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Runs f(thread) on `threads` threads at once and returns the wall time.
template <class F>
double on_threads(int threads, F f) {
  const double start = seconds();
  std::vector<std::thread> others;
  for (int t = 1; t < threads; t++) others.emplace_back(f, t);
  f(0);
  for (auto& other : others) other.join();
  return seconds() - start;
}

#if defined(__x86_64__)
#define TP_DOT12                                                                                                      \
  "vpdpbusd %%zmm30, %%zmm31, %%zmm0\nvpdpbusd %%zmm30, %%zmm31, %%zmm1\nvpdpbusd %%zmm30, %%zmm31, %%zmm2\n"                   \
  "vpdpbusd %%zmm30, %%zmm31, %%zmm3\nvpdpbusd %%zmm30, %%zmm31, %%zmm4\nvpdpbusd %%zmm30, %%zmm31, %%zmm5\n"                   \
  "vpdpbusd %%zmm30, %%zmm31, %%zmm6\nvpdpbusd %%zmm30, %%zmm31, %%zmm7\nvpdpbusd %%zmm30, %%zmm31, %%zmm8\n"                   \
  "vpdpbusd %%zmm30, %%zmm31, %%zmm9\nvpdpbusd %%zmm30, %%zmm31, %%zmm10\nvpdpbusd %%zmm30, %%zmm31, %%zmm11\n"
inline bool has_vnni() { return __builtin_cpu_supports("avx512vnni"); }
__attribute__((target("avx512f,avx512vnni"))) inline void dot_products(int64_t rounds) {
  for (int64_t i = 0; i < rounds; i++)
    asm volatile(TP_DOT12 TP_DOT12::
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11");
}
#else
inline bool has_vnni() { return false; }
inline void dot_products(int64_t) {}
#endif

// Best of some tries: eight-bit operations per second (a multiply-add counts 2), 0 without VNNI.
inline double int8_peak(int threads) {
  if (!has_vnni()) return 0;
  constexpr int64_t kRounds = 400000;
  double best = 0;
  for (int i = 0; i < 8; i++) {
    const double time = on_threads(threads, [](int) { dot_products(kRounds); });
    best = std::max(best, 24.0 * 128 * kRounds * threads / time);
  }
  return best;
}

// Bytes per second that plain loads read from `memory`, which should be larger than all caches: the best of one and four streams a
// thread and several prefetch distances.
inline double read_bandwidth(const uint8_t* memory, size_t bytes, int threads) {
  double best = 0;
  for (const size_t streams : {1, 2, 4})
    for (const size_t ahead : {1024, 4096})
      for (int i = 0; i < 2; i++) {
        const double time = on_threads(threads, [=](int t) {
          const size_t length = bytes / threads / streams / 64 * 64;
          const uint8_t* const at = memory + bytes / threads / 64 * 64 * t;
          typedef uint64_t Vector __attribute__((vector_size(64)));
          Vector sum = {};
          for (size_t n = 0; n < length; n += 64)
            for (size_t s = 0; s < streams; s++) {
              __builtin_prefetch(at + s * length + n + ahead);
              Vector v;
              std::memcpy(&v, at + s * length + n, 64);
              sum ^= v;
            }
          asm volatile("" ::"m"(sum));
        });
        best = std::max(best, static_cast<double>(bytes) / time);
      }
  return best;
}

}  // namespace tensorplan::bench
