// Threads that take chunks of a stage, one stage after another.
//
// A stage is over when all its chunks are, not when all threads have come by: a thread that the operating system has put aside holds up
// nothing but the chunk in its hands. Waiting threads spin for some microseconds and then sleep, so an idle pool costs nothing and a
// competing process gets the processor.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/kernel.h"

namespace tensorplan {

class ThreadPool {
 public:
  // What a stage does: `run` for each chunk. May throw: the error is kept, chunks not yet begun are skipped.
  struct Stage {
    void (*run)(void* context, int stage, int64_t chunk, Worker& worker);
    void* context;
    int index;
  };
  using Cancelled = bool (*)(const void* state);

  // `threads` ≥ 1 counts the thread that calls `Session::run`.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }
  // Makes every worker's scratch at least this large, between sessions.
  void reserve_scratch(size_t bytes);

  // Exclusive use of the pool by the thread that makes it; others wait in the constructor.
  class Session {
   public:
    // `cancelled` (may be null) is asked before each chunk.
    Session(ThreadPool& pool, Cancelled cancelled, const void* state);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    // Returns once every chunk has been run; false if chunks were skipped because of cancellation or an error (then and later).
    bool run(const Stage& stage, int64_t chunks);
    // First error's text; empty if there was none.
    const std::string& error() const { return pool_.error_; }

   private:
    friend class ThreadPool;
    Session(ThreadPool& pool, std::unique_lock<std::mutex> lock, Cancelled cancelled, const void* state);
    ThreadPool& pool_;
    std::unique_lock<std::mutex> lock_;
  };
  // Null if somebody else has a session.
  std::unique_ptr<Session> try_session();

 private:

  void work(int index);
  void run_inline(const Stage& stage, int64_t chunks);
  bool take_chunks(Worker& worker, uint32_t generation);
  void run_chunk(const Stage& stage, int64_t chunk, Worker& worker);
  void wait_for_chunks(uint32_t chunks);
  bool stopped() const;

  const int threads_;
  std::vector<std::thread> others_;
  std::vector<Worker> workers_;
  std::unique_ptr<uint8_t, void (*)(uint8_t*)> scratch_;
  size_t scratch_bytes_ = 0;

  std::mutex session_mutex_;
  std::mutex error_mutex_;
  std::string error_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> was_cancelled_{false};
  std::atomic<Cancelled> cancelled_{nullptr};
  std::atomic<const void*> cancel_state_{nullptr};

  // The stage in work, written while no chunks are left.
  std::atomic<void (*)(void*, int, int64_t, Worker&)> stage_run_{nullptr};
  std::atomic<void*> stage_context_{nullptr};
  std::atomic<int> stage_index_{0};
  std::atomic<uint32_t> stage_chunks_{0};

  // Number of the stage in the upper half, chunks that nobody has taken yet in the lower.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  std::atomic<bool> caller_sleeps_{false};
  alignas(64) std::atomic<uint32_t> bell_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> quit_{false};
};

}  // namespace tensorplan
