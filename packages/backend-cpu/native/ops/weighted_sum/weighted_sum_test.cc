#include <array>

#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

TEST("adds a token's rows up with their weights, the same for any number of threads") {
  for (const std::string& kernel : kernels_of("weighted_sum")) {
    Rng rng(51);
    for (const auto& [t, u, n] : {std::array<int64_t, 3>{1, 1, 1}, {3, 6, 15}, {2, 8, 16}, {40, 3, 1031}}) {
      const std::vector<float> x = rng.normal(t * u * n), weights = rng.uniform(t * u, 0, 1);
      KernelRun run(kernel);
      run.input("x", {t, u, n}, x);
      run.input("weights", {t, u}, weights);
      run.output("out", {t, n});
      run.run();
      std::vector<float> expected;
      for (int64_t i = 0; i < t; i++)
        for (int64_t j = 0; j < n; j++) {
          double sum = 0;
          for (int64_t k = 0; k < u; k++) sum += static_cast<double>(weights[static_cast<size_t>(i * u + k)]) * x[static_cast<size_t>((i * u + k) * n + j)];
          expected.push_back(static_cast<float>(sum));
        }
      const std::vector<float> out = run.floats("out");
      expect_close(out, expected, {.absolute = 2e-6, .relative = 1e-6});
      run.run(3);
      expect_same_bits(run.floats("out"), out);
    }
  }
}

TEST("ignores nothing: a weight of zero times NaN is NaN") {
  for (const std::string& kernel : kernels_of("weighted_sum")) {
    KernelRun run(kernel);
    run.input("x", {1, 2, 1}, {1, std::nanf("")});
    run.input("weights", {1, 2}, {1, 0});
    run.output("out", {1, 1});
    run.run();
    CHECK(std::isnan(run.floats("out")[0]));
  }
}

}  // namespace

TEST_MAIN
