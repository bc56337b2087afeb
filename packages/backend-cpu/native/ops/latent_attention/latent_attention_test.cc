// latent_attention against f64, over shuffled pages whose unused rows are NaN.
#include "test/support/paged_case.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Operands {
  PagedCase paged;
  int64_t heads, d, start, dv;
  DType dtype;
  std::vector<float> q, cache;
};

Operands operands(const std::vector<PagedCase::Sequence>& list, int64_t heads, int64_t d, int64_t start, int64_t dv, DType dtype,
                  uint64_t seed) {
  Rng rng(seed);
  PagedCase paged(list, rng);
  std::vector<float> q = rng.normal(paged.tokens * heads * d), cache = paged.cache(d, rng);
  return {paged, heads, d, start, dv, dtype, q, cache};
}

KernelRun prepared(const std::string& name, const Operands& o) {
  KernelRun run(name);
  run.input("q", {o.paged.tokens, o.heads, o.d}, o.q);
  run.state("cache", o.dtype, {o.paged.slots, o.d}, o.cache);
  o.paged.bind(run);
  run.output("out", {o.paged.tokens, o.heads, o.dv});
  run.attr("scale", 1 / std::sqrt(static_cast<double>(o.d)));
  run.attr("values.start", o.start);
  run.attr("values.size", o.dv);
  run.workspace(64 * o.paged.tokens * o.heads * o.d + 1984 * o.paged.tokens * o.heads);
  return run;
}

std::vector<float> reference(const Operands& o, const std::vector<float>& cache) {
  std::vector<float> out;
  for (int64_t t = 0; t < o.paged.tokens; t++)
    for (int64_t h = 0; h < o.heads; h++) {
      const auto row = [&](int64_t j) { return cache.data() + o.paged.row(o.paged.sequence_of[t], j) * o.d; };
      const std::vector<float> one =
          attend(o.q.data() + (t * o.heads + h) * o.d, o.d, o.dv, o.paged.positions[t] + 1, 1 / std::sqrt(static_cast<double>(o.d)), row,
                 [&](int64_t j) { return row(j) + o.start; });
      out.insert(out.end(), one.begin(), one.end());
    }
  return out;
}

bool in_integers(const std::string& name) { return name.find(".q8_0.") != std::string::npos; }
// Kernels in integers round queries that see more than 1024 rows to eight bits in blocks, others to about 15 bits.
double tolerance(const std::string& name, int64_t longest) { return !in_integers(name) ? 2e-5 : longest > 1024 ? 3e-2 : 1e-3; }
bool accepts(const std::string& name, DType dtype) { return !in_integers(name) || dtype == DType::q8_0; }

}  // namespace

TEST("latent_attention agrees with f64 for every cache type, context and thread count") {
  uint64_t seed = 50;
  struct Case {
    std::vector<PagedCase::Sequence> list;
    int64_t heads, d, start, dv;
  };
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0}) {
    const bool blocks = dtype == DType::q8_0;
    for (const Case& c : {Case{{{1, 1}, {63, 1}, {64, 1}, {65, 1}}, 5, blocks ? 96 : 90, blocks ? 0 : 3, blocks ? 64 : 70},
                          Case{{{1500, 1}, {511, 1}}, 16, 576, 0, 512}, Case{{{513, 3}, {80, 40}, {2, 1}}, 7, 160, 32, 128}}) {
      const Operands o = operands(c.list, c.heads, c.d, c.start, c.dv, dtype, seed++);
      std::vector<float> expected;
      for (const std::string& name : kernels_of("latent_attention")) {
        if (!accepts(name, dtype)) continue;
        KernelRun run = prepared(name, o);
        run.run(1);
        const std::vector<float> one = run.floats("out");
        if (expected.empty()) expected = reference(o, run.decoded("cache"));
        expect_near_rms(one, expected, tolerance(name, c.list[0].context), name);
        for (int threads : kMoreThreads) {
          run.run(threads);
          expect_same_bits(run.floats("out"), one);
        }
      }
    }
  }
}

TEST("a query alone has the bits that it has in a batch, whichever way the work is scheduled") {
  for (const DType dtype : {DType::f16, DType::q8_0}) {
    const Operands o = operands({{1030, 12}, {130, 70}, {64, 1}}, 6, 192, 0, 128, dtype, 71);
    for (const std::string& name : kernels_of("latent_attention")) {
      const size_t at = name.find(".batch");
      if (at == std::string::npos || !accepts(name, dtype)) continue;
      KernelRun all = prepared(name, o);
      all.run(3);
      const std::vector<float> batch = all.floats("out");
      const int64_t width = o.heads * o.dv;
      for (int64_t t : {0, 5, 11, 12, 60, 81, 82}) {
        Operands one = o;
        one.paged = o.paged.alone(t);
        one.q.assign(o.q.begin() + t * o.heads * o.d, o.q.begin() + (t + 1) * o.heads * o.d);
        for (const std::string way : {".split", ".batch"}) {
          KernelRun run = prepared(std::string(name).replace(at, 6, way), one);
          run.run(2);
          expect_same_bits(run.floats("out"), std::vector<float>(batch.begin() + t * width, batch.begin() + (t + 1) * width));
        }
      }
    }
  }
}

TEST("there are portable kernels, so the tests above ran") { CHECK(!kernels_of("latent_attention").empty()); }

TEST_MAIN
