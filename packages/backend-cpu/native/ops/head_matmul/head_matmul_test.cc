#include <array>

#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

TEST("multiplies each head's rows by that head's matrix, the same for any number of threads and tokens") {
  for (const ProductName& name : products_of("head_matmul")) {
    Rng rng(21);
    for (const auto& [t, h, n, k] : {std::array<int64_t, 4>{1, 1, 1, 32}, {1, 5, 33, 64}, {3, 2, 16, 32}, {15, 3, 17, 64}, {140, 2, 18, 32}}) {
      const std::vector<float> x = rng.normal(t * h * k), w = rng.normal(h * n * k);
      auto multiply = [&](int64_t tokens, int threads, std::vector<float>* weights) {
        KernelRun run(name.kernel);
        run.input("x", {tokens, h, k}, std::vector<float>(x.begin(), x.begin() + tokens * h * k));
        run.weight("w", name.dtype, name.layout, {h, n, k}, w);
        run.output("out", {tokens, h, n});
        if (name.quantised()) run.workspace(quantised_workspace(tokens * h, k));
        run.run(threads);
        *weights = run.decoded("w");
        return run.floats("out");
      };
      std::vector<float> weights;
      const std::vector<float> out = multiply(t, 1, &weights);
      const std::vector<float> seen = name.quantised() ? as_quantised(x) : x;
      std::vector<float> expected(static_cast<size_t>(t * h * n));
      for (int64_t row = 0; row < t * h; row++)
        for (int64_t i = 0; i < n; i++)
          expected[static_cast<size_t>(row * n + i)] = static_cast<float>(
              dot(&seen[static_cast<size_t>(row * k)], &weights[static_cast<size_t>((row % h * n + i) * k)], k));
      expect_close(out, expected, {.absolute = 2e-5, .relative = 1e-5});
      expect_same_bits(multiply(t, 5, &weights), out);
      expect_same_bits(multiply(1, 2, &weights), std::vector<float>(out.begin(), out.begin() + h * n));
    }
  }
}

}  // namespace

TEST_MAIN
