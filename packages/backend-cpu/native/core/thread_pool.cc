#include "core/thread_pool.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>

#include "tensorplan/futex.h"

namespace tensorplan {
namespace {

constexpr int64_t kMostChunks = int64_t{1} << 31;

uint32_t stage_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }
uint32_t left_of(uint64_t ticket) { return static_cast<uint32_t>(ticket); }

void free_aligned(uint8_t* bytes) { std::free(bytes); }

}  // namespace

ThreadPool::ThreadPool(int threads) : threads_(threads), scratch_(nullptr, free_aligned) {
  if (threads < 1) throw std::invalid_argument("a thread pool needs at least one thread");
  for (int i = 0; i < threads; i++) workers_.push_back({nullptr, i});
  try {
    for (int i = 1; i < threads; i++) others_.emplace_back([this, i] { work(i); });
  } catch (...) {
    quit_ = true;
    bell_.fetch_add(1);
    futex_wake(bell_, threads);
    for (auto& thread : others_) thread.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  { std::lock_guard lock(session_mutex_); }
  quit_ = true;
  bell_.fetch_add(1);
  futex_wake(bell_, threads_);
  for (auto& thread : others_) thread.join();
}

void ThreadPool::reserve_scratch(size_t bytes) {
  std::lock_guard lock(session_mutex_);
  // A page more than asked keeps neighbours' hardware prefetches apart; whole pages keep each worker's memory to itself.
  const size_t each = (bytes + 4095) / 4096 * 4096;
  if (each <= scratch_bytes_) return;
  auto* memory = static_cast<uint8_t*>(std::aligned_alloc(4096, each * threads_));
  if (memory == nullptr) throw std::bad_alloc();
  scratch_.reset(memory);
  scratch_bytes_ = each;
  // Workers are asleep or spinning; the next ticket publishes this to them.
  for (int i = 0; i < threads_; i++) workers_[i].scratch = memory + each * i;
}

ThreadPool::Session::Session(ThreadPool& pool, Cancelled cancelled, const void* state)
    : Session(pool, std::unique_lock(pool.session_mutex_), cancelled, state) {}

ThreadPool::Session::Session(ThreadPool& pool, std::unique_lock<std::mutex> lock, Cancelled cancelled, const void* state)
    : pool_(pool), lock_(std::move(lock)) {
  pool.error_.clear();
  pool.failed_.store(false, std::memory_order_relaxed);
  pool.was_cancelled_.store(false, std::memory_order_relaxed);
  pool.cancelled_.store(cancelled, std::memory_order_relaxed);
  pool.cancel_state_.store(state, std::memory_order_relaxed);
}

ThreadPool::Session::~Session() {
  pool_.cancelled_.store(nullptr, std::memory_order_relaxed);
  pool_.cancel_state_.store(nullptr, std::memory_order_relaxed);
}

std::unique_ptr<ThreadPool::Session> ThreadPool::try_session() {
  std::unique_lock lock(session_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return nullptr;
  return std::unique_ptr<Session>(new Session(*this, std::move(lock), nullptr, nullptr));
}

bool ThreadPool::stopped() const {
  return failed_.load(std::memory_order_relaxed) || was_cancelled_.load(std::memory_order_relaxed);
}

void ThreadPool::run_chunk(const Stage& stage, int64_t chunk, Worker& worker) {
  if (stopped()) return;
  const Cancelled cancelled = cancelled_.load(std::memory_order_relaxed);
  if (cancelled != nullptr && cancelled(cancel_state_.load(std::memory_order_relaxed))) {
    was_cancelled_.store(true, std::memory_order_relaxed);
    return;
  }
  try {
    stage.run(stage.context, stage.index, chunk, worker);
  } catch (const std::exception& error) {
    std::lock_guard lock(error_mutex_);
    if (!failed_.exchange(true)) error_ = error.what();
  } catch (...) {
    std::lock_guard lock(error_mutex_);
    if (!failed_.exchange(true)) error_ = "unknown error in a kernel";
  }
}

bool ThreadPool::Session::run(const Stage& stage, int64_t chunks) {
  ThreadPool& pool = pool_;
  if (pool.stopped()) return false;
  if (chunks >= kMostChunks) throw std::length_error("a stage of 2^31 chunks or more");
  if (chunks <= 1 || pool.threads_ == 1) {
    for (int64_t chunk = 0; chunk < chunks; chunk++) pool.run_chunk(stage, chunk, pool.workers_[0]);
    return !pool.stopped();
  }
  const auto count = static_cast<uint32_t>(chunks);
  pool.stage_run_.store(stage.run, std::memory_order_relaxed);
  pool.stage_context_.store(stage.context, std::memory_order_relaxed);
  pool.stage_index_.store(stage.index, std::memory_order_relaxed);
  pool.stage_chunks_.store(count, std::memory_order_relaxed);
  pool.done_.store(0, std::memory_order_relaxed);
  const uint32_t generation = stage_of(pool.ticket_.load(std::memory_order_relaxed)) + 1;
  pool.ticket_.store(uint64_t{generation} << 32 | count, std::memory_order_seq_cst);
  if (pool.sleepers_.load(std::memory_order_seq_cst) > 0) {
    pool.bell_.fetch_add(1, std::memory_order_seq_cst);
    futex_wake(pool.bell_, static_cast<int>(std::min<int64_t>(chunks - 1, pool.threads_ - 1)));
  }
  pool.take_chunks(pool.workers_[0], generation);
  pool.wait_for_chunks(count);
  return !pool.stopped();
}

// Runs chunks of the stage until none is left to take; returns whether it ran any.
bool ThreadPool::take_chunks(Worker& worker, uint32_t generation) {
  uint32_t finished = 0;
  uint32_t chunks = 0;
  for (;;) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    const uint32_t left = left_of(ticket);
    if (stage_of(ticket) != generation || left == 0) break;
    const Stage stage = {stage_run_.load(std::memory_order_relaxed), stage_context_.load(std::memory_order_relaxed),
                         stage_index_.load(std::memory_order_relaxed)};
    chunks = stage_chunks_.load(std::memory_order_relaxed);
    // Success means that chunks were left since the ticket was read, so the stage wasn't over and what was just read is its own.
    if (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    run_chunk(stage, chunks - left, worker);
    finished++;
  }
  if (finished == 0) return false;
  // The stage can't end before this addition, so `chunks` is still its count.
  const uint32_t total = done_.fetch_add(finished, std::memory_order_seq_cst) + finished;
  if (total == chunks && caller_sleeps_.load(std::memory_order_seq_cst)) futex_wake(done_, 1);
  return true;
}

void ThreadPool::wait_for_chunks(uint32_t chunks) {
  const auto over = [&] { return done_.load(std::memory_order_acquire) == chunks; };
  if (spin_until(over)) return;
  caller_sleeps_.store(true, std::memory_order_seq_cst);
  for (;;) {
    const uint32_t done = done_.load(std::memory_order_seq_cst);
    if (done == chunks) break;
    futex_wait(done_, done);
  }
  caller_sleeps_.store(false, std::memory_order_relaxed);
}

void ThreadPool::work(int index) {
  uint32_t seen = 0;
  const auto called = [&] {
    return stage_of(ticket_.load(std::memory_order_acquire)) != seen || quit_.load(std::memory_order_relaxed);
  };
  for (;;) {
    if (!spin_until(called)) {
      const uint32_t bell = bell_.load(std::memory_order_seq_cst);
      sleepers_.fetch_add(1, std::memory_order_seq_cst);
      if (stage_of(ticket_.load(std::memory_order_seq_cst)) == seen && !quit_.load(std::memory_order_seq_cst)) futex_wait(bell_, bell);
      sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      continue;
    }
    if (quit_.load(std::memory_order_acquire)) return;
    const uint32_t generation = stage_of(ticket_.load(std::memory_order_acquire));
    take_chunks(workers_[index], generation);
    seen = generation;
  }
}

}  // namespace tensorplan
