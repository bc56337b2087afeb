#include <map>

#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Case {
  int64_t m, n, k;
};

struct Run {
  std::vector<float> out, gate, up;
};

Run compute(const ProductName& name, const Case& c, const std::vector<float>& x, const std::vector<float>& gate,
            const std::vector<float>& up, int threads = 1) {
  KernelRun run(name.kernel);
  run.input("x", {c.m, c.k}, x);
  run.weight("gate", name.dtype, name.layout, {c.n, c.k}, gate);
  run.weight("up", name.dtype, name.layout, {c.n, c.k}, up);
  run.output("out", {c.m, c.n});
  if (name.quantised()) run.workspace(quantised_workspace(c.m, c.k));
  run.run(threads);
  return {run.floats("out"), run.decoded("gate"), run.decoded("up")};
}

TEST("equals silu(gate) times up in double precision and is the same for all layouts, fusing instruction sets and thread counts") {
  std::map<std::string, std::vector<float>> first;
  for (const ProductName& name : products_of("gate_up_swiglu")) {
    Rng rng(11);
    for (const Case& c : {Case{1, 1, 32}, {1, 211, 64}, {2, 16, 64}, {5, 17, 96}, {13, 47, 64}, {30, 33, 32}, {140, 67, 32}}) {
      const std::vector<float> x = rng.normal(c.m * c.k), gate = rng.normal(c.n * c.k, 0.2f), up = rng.normal(c.n * c.k, 0.2f);
      const Run run = compute(name, c, x, gate, up);
      const std::vector<float> seen = name.quantised() ? as_quantised(x) : x;
      std::vector<float> expected(static_cast<size_t>(c.m * c.n));
      for (int64_t m = 0; m < c.m; m++)
        for (int64_t n = 0; n < c.n; n++) {
          const float* row = &seen[static_cast<size_t>(m * c.k)];
          const double g = dot(row, &run.gate[static_cast<size_t>(n * c.k)], c.k), u = dot(row, &run.up[static_cast<size_t>(n * c.k)], c.k);
          expected[static_cast<size_t>(m * c.n + n)] = static_cast<float>(silu_of(g) * u);
        }
      expect_close(run.out, expected, {.absolute = 2e-5, .relative = 2e-5});
      expect_same_bits(compute(name, c, x, gate, up, 3).out, run.out);
      if (!name.fused()) continue;
      const auto [entry, fresh] = first.emplace(std::to_string(static_cast<int>(name.dtype)) + "/" + std::to_string(c.m) + "/" + std::to_string(c.n), run.out);
      if (!fresh) expect_same_bits(entry->second, run.out);
    }
  }
}

TEST("gives a row the same bits alone and in a batch") {
  for (const ProductName& name : products_of("gate_up_swiglu")) {
    Rng rng(12);
    const Case all = {40, 35, 64};
    const std::vector<float> x = rng.normal(all.m * all.k), gate = rng.normal(all.n * all.k), up = rng.normal(all.n * all.k);
    const std::vector<float> batch = compute(name, all, x, gate, up).out;
    for (int64_t m : {1, 3, 7, 12, 13, 39}) {
      const std::vector<float> some(x.begin(), x.begin() + m * all.k);
      expect_same_bits(compute(name, {m, all.n, all.k}, some, gate, up).out,
                       std::vector<float>(batch.begin(), batch.begin() + m * all.n));
    }
  }
}

}  // namespace

TEST_MAIN
