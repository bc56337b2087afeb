#include <array>
#include <map>

#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Case {
  int64_t t, u, experts, e, f;
};

struct Operands {
  std::vector<float> x, weights, gate, up, down;
  std::vector<int32_t> ids;
};

const Operands& make(const Case& c, uint64_t seed) {
  static std::map<std::array<int64_t, 6>, Operands> made;
  Operands& o = made[{c.t, c.u, c.experts, c.e, c.f, static_cast<int64_t>(seed)}];
  if (!o.x.empty()) return o;
  Rng rng(seed);
  o.x = rng.normal(c.t * c.e);
  o.weights = rng.uniform(c.t * c.u, 0, 1);
  o.gate = rng.normal(c.experts * c.f * c.e, 0.2f);
  o.up = rng.normal(c.experts * c.f * c.e, 0.2f);
  o.down = rng.normal(c.experts * c.f * c.e, 0.2f);
  o.ids = rng.ints(c.t * c.u, 0, static_cast<int32_t>(c.experts));
  return o;
}

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

int64_t workspace_of(const ProductName& name, const Case& c) {
  const int64_t pairs = c.t * c.u;
  return (name.quantised() ? quantised_workspace(c.t, c.e) : 0) + rounded(name.quantised() ? pairs * c.f * 40 / 32 : pairs * c.f * 4) +
         rounded(4 * pairs * c.e) + rounded(12 * c.experts) + 64 + rounded(4 * pairs);
}

struct Run {
  std::vector<float> out, gate, up, down;
};

// Also runs with `more` threads and expects the same bits.
Run compute(const ProductName& name, DType down, const Case& c, const Operands& o, const std::vector<int>& more = {}) {
  KernelRun run(name.kernel);
  run.input("x", {c.t, c.e}, o.x);
  run.ints("ids", {c.t, c.u}, o.ids);
  run.input("weights", {c.t, c.u}, o.weights);
  run.weight("gate", name.dtype, name.layout, {c.experts, c.f, c.e}, o.gate);
  run.weight("up", name.dtype, name.layout, {c.experts, c.f, c.e}, o.up);
  run.weight("down", down, name.layout, {c.experts, c.e, c.f}, o.down);
  run.output("out", {c.t, c.e});
  run.workspace(workspace_of(name, c));
  run.run();
  const std::vector<float> out = run.floats("out");
  for (const int threads : more) {
    run.run(threads);
    expect_same_bits(run.floats("out"), out);
  }
  return {out, run.decoded("gate"), run.decoded("up"), run.decoded("down")};
}

// With the rounding of x and of the hidden rows that the kernel does.
std::vector<float> reference(const ProductName& name, const Case& c, const Operands& o, const Run& run) {
  const std::vector<float> x = name.quantised() ? as_quantised(o.x) : o.x;
  std::vector<float> out;
  for (int64_t t = 0; t < c.t; t++) {
    std::vector<double> sum(static_cast<size_t>(c.e));
    for (int64_t u = 0; u < c.u; u++) {
      const int64_t expert = o.ids[static_cast<size_t>(t * c.u + u)];
      std::vector<float> hidden(static_cast<size_t>(c.f));
      for (int64_t i = 0; i < c.f; i++) {
        const size_t at = static_cast<size_t>((expert * c.f + i) * c.e);
        const float* row = &x[static_cast<size_t>(t * c.e)];
        hidden[static_cast<size_t>(i)] = static_cast<float>(silu_of(dot(row, &run.gate[at], c.e)) * dot(row, &run.up[at], c.e));
      }
      if (name.quantised()) hidden = as_quantised(hidden);
      for (int64_t i = 0; i < c.e; i++)
        sum[static_cast<size_t>(i)] += o.weights[static_cast<size_t>(t * c.u + u)] *
                                       dot(hidden.data(), &run.down[static_cast<size_t>((expert * c.e + i) * c.f)], c.f);
    }
    for (const double value : sum) out.push_back(static_cast<float>(value));
  }
  return out;
}

const Case kCases[] = {{1, 1, 1, 32, 32}, {1, 6, 7, 32, 64}, {5, 2, 3, 64, 32}, {9, 3, 12, 64, 32}, {90, 3, 4, 64, 32}, {300, 1, 2, 32, 32}};
const Case kPlainCases[] = {{1, 2, 3, 5, 7}, {3, 2, 2, 19, 33}, {100, 3, 2, 7, 18}};

template <class F>
void for_cases(const ProductName& name, F f) {
  for (const Case& c : kCases) f(c);
  if (!name.quantised())
    for (const Case& c : kPlainCases) f(c);
}

TEST("equals the mixture in double precision, with the same rounding of rows where weights are quantised") {
  for (const ProductName& name : products_of("moe"))
    for_cases(name, [&](const Case& c) {
      const Operands& o = make(c, 71);
      const Run run = compute(name, name.dtype, c, o);
      // A hidden value at the edge between two codes may fall to either side: one code is 1/127 of a row's largest.
      const double absolute = name.quantised() ? 4e-2 : 2e-5;
      expect_close(run.out, reference(name, c, o, run), {.absolute = absolute, .relative = 2e-5});
    });
}

TEST("gives the same bits for every layout, every fusing instruction set and any number of threads") {
  std::map<std::string, std::vector<float>> first;
  for (const ProductName& name : products_of("moe"))
    for_cases(name, [&](const Case& c) {
      const Operands& o = make(c, 72);
      const std::vector<float> out = compute(name, name.dtype, c, o, kMoreThreads).out;
      if (!name.fused()) return;
      const std::string key = std::to_string(static_cast<int>(name.dtype)) + "/" + std::to_string(c.t) + "/" + std::to_string(c.e) + "/" + std::to_string(c.f);
      const auto [entry, fresh] = first.emplace(key, out);
      if (!fresh) expect_same_bits(entry->second, out);
    });
}

TEST("gives a token the same bits alone and among many") {
  for (const ProductName& name : products_of("moe")) {
    const Case c = {110, 3, 5, 32, 32};
    const Operands& o = make(c, 73);
    const std::vector<float> batch = compute(name, name.dtype, c, o).out;
    for (const int64_t t : {1, 4, 60}) {
      Operands some = o;
      some.x.resize(static_cast<size_t>(t * c.e));
      some.weights.resize(static_cast<size_t>(t * c.u));
      some.ids.resize(static_cast<size_t>(t * c.u));
      const std::vector<float> out = compute(name, name.dtype, {t, c.u, c.experts, c.e, c.f}, some).out;
      expect_same_bits(out, std::vector<float>(batch.begin(), batch.begin() + t * c.e));
    }
  }
}

TEST("takes a down matrix of another type of the same kind") {
  for (const ProductName& name : products_of("moe")) {
    if (name.isa == "generic") continue;
    const DType other = name.dtype == DType::iq4_nl ? DType::q8_0 : name.dtype == DType::q8_0 ? DType::iq4_nl
                        : name.dtype == DType::f32 ? DType::f16 : DType::f32;
    const Case c = {4, 2, 3, 32, 64};
    const Operands& o = make(c, 74);
    const Run run = compute(name, other, c, o);
    expect_close(run.out, reference(name, c, o, run), {.absolute = name.quantised() ? 4e-2 : 2e-5, .relative = 2e-5});
  }
}

TEST("equals its primitives bit for bit") {
  for (const ProductName& name : products_of("moe")) {
    const Case c = {20, 3, 4, 64, 32};
    const Operands& o = make(c, 75);
    auto expert = [&](const std::vector<float>& x, bool own, const std::vector<float>& w, int64_t n, int64_t k) {
      KernelRun run("expert_matmul" + name.kernel.substr(name.kernel.find('.')));
      run.input("x", own ? std::vector<int64_t>{c.t, c.u, k} : std::vector<int64_t>{c.t, k}, x);
      run.weight("w", name.dtype, name.layout, {c.experts, n, k}, w);
      run.ints("ids", {c.t, c.u}, o.ids);
      run.output("out", {c.t, c.u, n});
      run.workspace(1 << 20);
      run.run();
      return run.floats("out");
    };
    const std::string isa = name.isa == "avxvnni" ? "avx2" : name.isa == "avx512vnni" ? "avx512" : name.isa;
    KernelRun swiglu("swiglu." + isa);
    swiglu.input("gate", {c.t, c.u, c.f}, expert(o.x, false, o.gate, c.f, c.e));
    swiglu.input("up", {c.t, c.u, c.f}, expert(o.x, false, o.up, c.f, c.e));
    swiglu.output("out", {c.t, c.u, c.f});
    swiglu.run();
    KernelRun sum("weighted_sum." + isa);
    sum.input("x", {c.t, c.u, c.e}, expert(swiglu.floats("out"), true, o.down, c.e, c.f));
    sum.input("weights", {c.t, c.u}, o.weights);
    sum.output("out", {c.t, c.e});
    sum.run();
    expect_same_bits(compute(name, name.dtype, c, o).out, sum.floats("out"));
  }
}

}  // namespace

TEST_MAIN
