// A CPU device: four regions, a thread pool, the kernels that its features allow, and counters.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <shared_mutex>
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
  uint64_t loaded_bytes = 0;
  uint64_t runs = 0;
};

class Device {
 public:
  Device(int threads, std::vector<std::string> features, KernelTable kernels = all_kernels());

  // Waits for a running program or load. Throws std::bad_alloc.
  void allocate(tp_region region, uint64_t bytes);
  // Puts a file's bytes into a region as they are: see Region::map_file. Waits like `allocate`.
  void map_file(tp_region region, uint64_t offset, uint64_t bytes, int file, uint64_t file_offset);
  // Stops running work soon and gives all memory back, now or as soon as that work has ended. Never waits. Everything that needs memory
  // fails from then on.
  void close();
  // Part of every step's and load's cancellation check.
  bool closing() const { return closing_.load(std::memory_order_relaxed); }

  // Address of `bytes` bytes at `offset`, for use within a session of the pool. Throws std::out_of_range naming the region if they aren't
  // all inside.
  uint8_t* at(tp_region region, uint64_t offset, uint64_t bytes) const;
  uint8_t* base(tp_region region) const { return regions_[region].data(); }
  // Changes whenever a region gets another address.
  uint64_t layout_version() const { return layout_version_; }

  // Copies; callable from any thread at any time.
  void read(tp_region region, uint64_t offset, void* into, uint64_t bytes);
  void write(tp_region region, uint64_t offset, const void* from, uint64_t bytes);
  void count_copy(uint64_t bytes_in, uint64_t bytes_out);
  // Bytes that a load wrote into the weights' region.
  void count_loaded(uint64_t bytes) { loaded_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  // A program ran to its end.
  void count_run() { runs_.fetch_add(1, std::memory_order_relaxed); }
  Counters counters() const;

  // Exclusive use of the device by one program or load.
  class Session {
   public:
    Session(Device& device, ThreadPool::Cancelled cancelled, const void* state);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    bool run(const ThreadPool::Stage& stage, int64_t chunks) { return session_->run(stage, chunks); }
    const std::string& error() const { return session_->error(); }

   private:
    static bool stopped(const void* state);
    Device& device_;
    const ThreadPool::Cancelled cancelled_;
    const void* const state_;
    std::optional<ThreadPool::Session> session_;
  };

  ThreadPool& pool() { return pool_; }
  const std::vector<std::string>& features() const { return features_; }
  const KernelTable& kernels() const { return kernels_; }

 private:
  void release_if_idle();

  const std::vector<std::string> features_;
  const KernelTable kernels_;
  ThreadPool pool_;
  std::atomic<bool> closing_{false};
  mutable std::shared_mutex memory_mutex_;  // held exclusively while regions change, shared while bytes are copied
  std::array<Region, kRegions> regions_;
  uint64_t layout_version_ = 0;
  std::atomic<uint64_t> peak_bytes_{0};
  std::atomic<uint64_t> bytes_in_{0};
  std::atomic<uint64_t> bytes_out_{0};
  std::atomic<uint64_t> loaded_bytes_{0};
  std::atomic<uint64_t> runs_{0};
};

const char* region_name(tp_region region);

}  // namespace tensorplan
