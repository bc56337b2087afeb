// attention, paged_scores and paged_values against f64, over shuffled pages whose unused rows are NaN.
#include "test/support/paged_case.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

constexpr DType kTypes[] = {DType::f32, DType::f16, DType::bf16, DType::q8_0};

struct Heads {
  int64_t heads, key_heads, d, dv;
};

struct Operands {
  PagedCase paged;
  Heads h;
  DType dtype;
  std::vector<float> q, k, v;
};

int64_t split_workspace(const Operands& o) {
  return 64 * o.paged.tokens * o.h.heads * o.h.dv + 1984 * o.paged.tokens * o.h.heads;
}

KernelRun prepared(const std::string& name, const Operands& o) {
  KernelRun run(name);
  run.input("q", {o.paged.tokens, o.h.heads, o.h.d}, o.q);
  run.state("k", o.dtype, {o.paged.slots, o.h.key_heads, o.h.d}, o.k);
  run.state("v", o.dtype, {o.paged.slots, o.h.key_heads, o.h.dv}, o.v);
  o.paged.bind(run);
  run.output("out", {o.paged.tokens, o.h.heads, o.h.dv});
  run.attr("scale", 1 / std::sqrt(static_cast<double>(o.h.d)));
  run.workspace(split_workspace(o));
  return run;
}

std::vector<float> reference(const Operands& o, const std::vector<float>& k, const std::vector<float>& v) {
  std::vector<float> out;
  for (int64_t t = 0; t < o.paged.tokens; t++)
    for (int64_t h = 0; h < o.h.heads; h++) {
      const int64_t s = o.paged.sequence_of[t], kv = h * o.h.key_heads / o.h.heads;
      const auto row = [&](int64_t j) { return o.paged.row(s, j) * o.h.key_heads + kv; };
      const std::vector<float> one = attend(
          o.q.data() + (t * o.h.heads + h) * o.h.d, o.h.d, o.h.dv, o.paged.positions[t] + 1, 1 / std::sqrt(static_cast<double>(o.h.d)),
          [&](int64_t j) { return k.data() + row(j) * o.h.d; }, [&](int64_t j) { return v.data() + row(j) * o.h.dv; });
      out.insert(out.end(), one.begin(), one.end());
    }
  return out;
}

Operands operands(const std::vector<PagedCase::Sequence>& list, Heads h, DType dtype, uint64_t seed) {
  Rng rng(seed);
  PagedCase paged(list, rng);
  std::vector<float> q = rng.normal(paged.tokens * h.heads * h.d, 2);
  std::vector<float> k = paged.cache(h.key_heads * h.d, rng), v = paged.cache(h.key_heads * h.dv, rng);
  return {paged, h, dtype, q, k, v};
}

}  // namespace

TEST("attention agrees with f64 for every cache type, context and thread count") {
  uint64_t seed = 20;
  for (const DType dtype : kTypes) {
    const bool blocks = dtype == DType::q8_0;
    for (const auto& [list, h] : std::vector<std::pair<std::vector<PagedCase::Sequence>, Heads>>{
             {{{1, 1}, {63, 1}, {64, 1}, {65, 1}}, {3, 1, blocks ? 32 : 20, blocks ? 64 : 7}},
             {{{1500, 1}, {511, 2}}, {4, 2, 64, 64}},
             {{{513, 9}, {70, 70}, {2, 1}}, {4, 4, blocks ? 96 : 33, blocks ? 32 : 40}},
         }) {
      const Operands o = operands(list, h, dtype, seed++);
      std::vector<float> expected;
      for (const std::string& name : kernels_of("attention")) {
        KernelRun run = prepared(name, o);
        run.run(1);
        const std::vector<float> one = run.floats("out");
        if (expected.empty()) expected = reference(o, run.decoded("k"), run.decoded("v"));
        expect_near_rms(one, expected, 2e-5, name);
        for (int threads : kMoreThreads) {
          run.run(threads);
          expect_same_bits(run.floats("out"), one);
        }
      }
    }
  }
}

TEST("a query alone has the bits that it has in a batch, whichever way the work is scheduled") {
  for (const char* isa : {"avx512", "avx2", "generic"}) {
    const Operands o = operands({{1030, 12}, {130, 100}, {64, 1}}, {6, 2, 64, 48 + 16}, DType::f16, 31);
    KernelRun all = prepared(std::string("attention.batch.") + isa, o);
    if (!all.available()) continue;
    all.run(3);
    const std::vector<float> batch = all.floats("out");
    const int64_t width = o.h.heads * o.h.dv;
    for (int64_t t : {0, 5, 11, 12, 60, 111, 112}) {
      Operands one = o;
      one.paged = o.paged.alone(t);
      one.q.assign(o.q.begin() + t * o.h.heads * o.h.d, o.q.begin() + (t + 1) * o.h.heads * o.h.d);
      for (const char* way : {"split", "batch"}) {
        KernelRun run = prepared(std::string("attention.") + way + "." + isa, one);
        run.run(2);
        expect_same_bits(run.floats("out"), std::vector<float>(batch.begin() + t * width, batch.begin() + (t + 1) * width));
      }
    }
  }
}

TEST("scores, softmax and values one after the other agree with f64") {
  uint64_t seed = 40;
  for (const char* isa : {"avx512", "avx2", "generic"}) {
    for (const DType dtype : kTypes) {
      for (const bool one_head : {false, true}) {
        Rng rng(seed++);
        const PagedCase paged({{513, 3}, {64, 1}, {65, 2}, {1, 1}}, rng);
        const int64_t heads = 4, key_heads = one_head ? 1 : 2, d = 192, start = one_head ? 5 : 0, dv = one_head ? 180 : d;
        const int64_t context = paged.pages * 64;
        const std::vector<float> q = rng.normal(paged.tokens * heads * d, 2), rows = paged.cache(key_heads * d, rng);
        const std::vector<int64_t> shape = one_head ? std::vector<int64_t>{paged.slots, d} : std::vector<int64_t>{paged.slots, key_heads, d};
        KernelRun scores(std::string("paged_scores.") + isa), softmax(std::string("softmax.") + isa), values(std::string("paged_values.") + isa);
        if (!scores.available()) break;
        scores.input("q", {paged.tokens, heads, d}, q);
        scores.state("k", dtype, shape, rows);
        paged.bind(scores);
        scores.output("out", {paged.tokens, heads, context});
        scores.attr("scale", 0.07);
        scores.run(3);
        softmax.input("x", {paged.tokens, heads, context}, scores.floats("out"));
        softmax.output("out", {paged.tokens, heads, context});
        softmax.run();
        values.input("p", {paged.tokens, heads, context}, softmax.floats("out"));
        values.state("v", dtype, shape, rows);
        paged.bind(values);
        values.output("out", {paged.tokens, heads, dv});
        if (one_head) {
          values.attr("values.start", start);
          values.attr("values.size", dv);
        }
        values.run(1);
        const std::vector<float> one = values.floats("out"), decoded = values.decoded("v");
        std::vector<float> expected;
        for (int64_t t = 0; t < paged.tokens; t++)
          for (int64_t h = 0; h < heads; h++) {
            const auto row = [&](int64_t j) { return decoded.data() + (paged.row(paged.sequence_of[t], j) * key_heads + h * key_heads / heads) * d; };
            const std::vector<float> each = attend(q.data() + (t * heads + h) * d, d, dv, paged.positions[t] + 1, 0.07, row,
                                                   [&](int64_t j) { return row(j) + start; });
            expected.insert(expected.end(), each.begin(), each.end());
          }
        expect_near_rms(one, expected, 2e-5, isa);
        values.run(5);
        expect_same_bits(values.floats("out"), one);
      }
    }
  }
}

TEST("there are portable kernels, so the tests above ran") { CHECK(!kernels_of("attention").empty()); }

TEST_MAIN
