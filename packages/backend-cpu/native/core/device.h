// A CPU device: four regions, a thread pool, the kernels that its features allow, and counters.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "core/kernel.h"
#include "core/region.h"
#include "core/register_all.h"
#include "core/thread_pool.h"

namespace tensorplan {

constexpr int kRegions = 4;

struct Counters {
  std::array<uint64_t, kRegions> region_bytes{};
  uint64_t peak_bytes = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

class Device {
 public:
  Device(int threads, std::vector<std::string> features, KernelTable kernels = all_kernels());

  // Waits for a running program or load. Throws std::bad_alloc.
  void allocate(tp_region region, uint64_t bytes);
  // Address of `bytes` bytes at `offset`. Throws std::out_of_range naming the region if they aren't all inside.
  uint8_t* at(tp_region region, uint64_t offset, uint64_t bytes) const;
  uint8_t* base(tp_region region) const { return regions_[region].data(); }
  // Changes whenever a region gets another address.
  uint64_t layout_version() const { return layout_version_; }

  void read(tp_region region, uint64_t offset, void* into, uint64_t bytes);
  void write(tp_region region, uint64_t offset, const void* from, uint64_t bytes);
  void count_copy(uint64_t bytes_in, uint64_t bytes_out);
  Counters counters() const;

  ThreadPool& pool() { return pool_; }
  const std::vector<std::string>& features() const { return features_; }
  const KernelTable& kernels() const { return kernels_; }

 private:
  const std::vector<std::string> features_;
  const KernelTable kernels_;
  ThreadPool pool_;
  std::array<Region, kRegions> regions_;
  uint64_t layout_version_ = 0;
  std::atomic<uint64_t> peak_bytes_{0};
  std::atomic<uint64_t> bytes_in_{0};
  std::atomic<uint64_t> bytes_out_{0};
};

const char* region_name(tp_region region);

}  // namespace tensorplan
