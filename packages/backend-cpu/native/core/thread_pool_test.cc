#include "core/thread_pool.h"

#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "test/check.h"

using namespace tensorplan;

namespace {

const int kThreadCounts[] = {1, 2, 3, 5, 7};

struct Tally {
  std::vector<std::atomic<int>> seen;
  std::atomic<int64_t> sum{0};
  explicit Tally(size_t chunks) : seen(chunks) {}
};

void count_chunk(void* context, int stage, int64_t chunk, Worker&) {
  auto* tally = static_cast<Tally*>(context);
  tally->seen[chunk]++;
  tally->sum += stage;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

TEST("every chunk runs exactly once, with any number of threads and chunks") {
  for (const int threads : kThreadCounts) {
    ThreadPool pool(threads);
    ThreadPool::Session session(pool, nullptr, nullptr);
    for (const int64_t chunks : {0, 1, 2, 3, 7, 64, 1000}) {
      Tally tally(chunks);
      CHECK(session.run({count_chunk, &tally, 1}, chunks));
      CHECK_EQ(tally.sum, chunks);
      for (const auto& count : tally.seen) CHECK_EQ(count, 1);
    }
  }
}

TEST("a stage sees all that the stages before it wrote") {
  for (const int threads : kThreadCounts) {
    ThreadPool pool(threads);
    ThreadPool::Session session(pool, nullptr, nullptr);
    // Not atomic on purpose: only the barrier between stages makes this right.
    std::vector<int64_t> values(97, 0);
    struct Context {
      std::vector<int64_t>* values;
      std::atomic<int> wrong{0};
    } context{&values};
    const auto next = [](void* at, int stage, int64_t chunk, Worker&) {
      auto* c = static_cast<Context*>(at);
      const size_t other = (static_cast<size_t>(chunk) * 31 + static_cast<size_t>(stage)) % c->values->size();
      if (stage % 2 == 0) {
        (*c->values)[chunk] = stage;
      } else if ((*c->values)[other] != stage - 1) {
        c->wrong++;
      }
    };
    for (int stage = 0; stage < 2000; stage++) session.run({next, &context, stage}, 97);
    CHECK_EQ(context.wrong, 0);
  }
}

TEST("threads that fell asleep between stages come back") {
  ThreadPool pool(3);
  for (int round = 0; round < 20; round++) {
    ThreadPool::Session session(pool, nullptr, nullptr);
    Tally tally(50);
    session.run({count_chunk, &tally, 1}, 50);
    CHECK_EQ(tally.sum, 50);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST("an idle pool uses no processor time") {
  ThreadPool pool(4);
  {
    ThreadPool::Session session(pool, nullptr, nullptr);
    Tally tally(100);
    session.run({count_chunk, &tally, 1}, 100);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(cpu_seconds() - before < 0.02);
}

TEST("cancellation skips the chunks not yet begun, and all later stages of the session") {
  for (const int threads : kThreadCounts) {
    ThreadPool pool(threads);
    std::atomic<int> ran{0};
    const auto cancelled = [](const void* state) { return static_cast<const std::atomic<int>*>(state)->load() >= 10; };
    const auto one = [](void* context, int, int64_t, Worker&) { (*static_cast<std::atomic<int>*>(context))++; };
    {
      ThreadPool::Session session(pool, cancelled, &ran);
      CHECK(!session.run({one, &ran, 0}, 1000));
      CHECK(ran >= 10 && ran < 10 + threads);
      const int before = ran;
      CHECK(!session.run({one, &ran, 0}, 1000));
      CHECK_EQ(ran, before);
    }
    ThreadPool::Session session(pool, nullptr, nullptr);
    CHECK(session.run({one, &ran, 0}, 100));
  }
}

TEST("an error in a chunk ends the session with its message and leaves the pool usable") {
  for (const int threads : kThreadCounts) {
    ThreadPool pool(threads);
    const auto fails = [](void*, int, int64_t chunk, Worker&) {
      if (chunk == 5) throw std::runtime_error("chunk five is bad");
    };
    {
      ThreadPool::Session session(pool, nullptr, nullptr);
      CHECK(!session.run({fails, nullptr, 0}, 20));
      CHECK_EQ(session.error(), "chunk five is bad");
    }
    ThreadPool::Session session(pool, nullptr, nullptr);
    CHECK_EQ(session.error(), "");
    CHECK(session.run({fails, nullptr, 0}, 5));
  }
}

TEST("each worker has scratch of its own, as large as asked") {
  ThreadPool pool(3);
  pool.reserve_scratch(100);
  pool.reserve_scratch(100000);
  pool.reserve_scratch(10);
  const auto fill = [](void*, int, int64_t, Worker& worker) {
    if (reinterpret_cast<uintptr_t>(worker.scratch) % 64 != 0) throw std::runtime_error("misaligned");
    for (int i = 0; i < 100000; i++) worker.scratch[i] = static_cast<uint8_t>(worker.index);
    for (int i = 0; i < 100000; i++)
      if (worker.scratch[i] != worker.index) throw std::runtime_error("shared");
  };
  ThreadPool::Session session(pool, nullptr, nullptr);
  CHECK(session.run({fill, nullptr, 0}, 64));
  CHECK_EQ(session.error(), "");
}

TEST("sessions of several callers take turns") {
  ThreadPool pool(2);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; i++) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; round++) {
        ThreadPool::Session session(pool, nullptr, nullptr);
        most = std::max(most.load(), ++inside);
        Tally tally(8);
        session.run({count_chunk, &tally, 1}, 8);
        CHECK_EQ(tally.sum, 8);
        inside--;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK_EQ(most, 1);
}

TEST("a pool without threads is refused") { CHECK_THROWS(ThreadPool(0), "at least one thread"); }

TEST_MAIN
