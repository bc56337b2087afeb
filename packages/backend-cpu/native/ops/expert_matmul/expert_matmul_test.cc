#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Case {
  int64_t t, u, experts, n, k;
  bool own_rows;  // x is [T, U, K]
};

int64_t workspace_of(const ProductName& name, const Case& c) {
  const int64_t rows = c.own_rows ? c.t * c.u : c.t;
  return (name.quantised() ? quantised_workspace(rows, c.k) : 0) + (12 * c.experts + 63) / 64 * 64 + 64 + (4 * c.t * c.u + 63) / 64 * 64;
}

TEST("multiplies each pair's row by its expert, with shared and own rows, the same for any number of threads") {
  for (const ProductName& name : products_of("expert_matmul")) {
    Rng rng(41);
    for (const Case& c : {Case{1, 1, 1, 1, 32, false}, {1, 6, 9, 35, 64, false}, {1, 6, 9, 35, 64, true}, {7, 3, 5, 16, 32, true},
                          {33, 4, 6, 18, 64, false}, {150, 1, 1, 17, 32, false}}) {
      const int64_t rows = c.own_rows ? c.t * c.u : c.t;
      const std::vector<float> x = rng.normal(rows * c.k), w = rng.normal(c.experts * c.n * c.k);
      const std::vector<int32_t> ids = rng.ints(c.t * c.u, 0, static_cast<int32_t>(c.experts));
      KernelRun run(name.kernel);
      run.input("x", c.own_rows ? std::vector<int64_t>{c.t, c.u, c.k} : std::vector<int64_t>{c.t, c.k}, x);
      run.weight("w", name.dtype, name.layout, {c.experts, c.n, c.k}, w);
      run.ints("ids", {c.t, c.u}, ids);
      run.output("out", {c.t, c.u, c.n});
      run.workspace(workspace_of(name, c));
      run.run();
      const std::vector<float> out = run.floats("out"), weights = run.decoded("w"), seen = name.quantised() ? as_quantised(x) : x;
      std::vector<float> expected;
      for (int64_t p = 0; p < c.t * c.u; p++)
        for (int64_t i = 0; i < c.n; i++)
          expected.push_back(static_cast<float>(dot(&seen[static_cast<size_t>((c.own_rows ? p : p / c.u) * c.k)],
                                                    &weights[static_cast<size_t>((ids[static_cast<size_t>(p)] * c.n + i) * c.k)], c.k)));
      expect_close(out, expected, {.absolute = 2e-5, .relative = 1e-5});
      for (const int threads : {2, 5}) {
        run.run(threads);
        expect_same_bits(run.floats("out"), out);
      }
    }
  }
}

TEST("refuses an expert that doesn't exist") {
  KernelRun run("expert_matmul.f32.rows.generic");
  run.input("x", {1, 3}, {1, 2, 3});
  run.weight("w", DType::f32, Layout::rows, {2, 1, 3}, std::vector<float>(6));
  run.ints("ids", {1, 1}, {2});
  run.output("out", {1, 1, 1});
  run.workspace(1024);
  CHECK_THROWS(run.run(), "expert id 2 is not below 2");
}

}  // namespace

TEST_MAIN
