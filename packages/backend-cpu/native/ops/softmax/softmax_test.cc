#include "test/harness.h"

using namespace tensorplan::test;

TEST("softmax agrees with f64, with -inf anywhere") {
  Rng rng(4);
  for (const std::string& name : kernels_of("softmax")) {
    for (int64_t columns : {1, 3, 16, 17, 64, 1000, 9001}) {
      const int64_t rows = 6;
      std::vector<float> x = rng.normal(rows * columns, 4);
      for (int64_t i = 0; i < columns; i++) x[i] = -INFINITY;                      // row 0: nothing allowed
      for (int64_t i = columns / 2 + 1; i < columns; i++) x[columns + i] = -INFINITY;  // row 1: causal
      std::vector<float> expected(x.size()), one;
      for (int64_t row = 1; row < rows; row++) {
        double top = -INFINITY, sum = 0;
        for (int64_t i = 0; i < columns; i++) top = std::max(top, static_cast<double>(x[row * columns + i]));
        for (int64_t i = 0; i < columns; i++) sum += std::exp(x[row * columns + i] - top);
        for (int64_t i = 0; i < columns; i++) expected[row * columns + i] = static_cast<float>(std::exp(x[row * columns + i] - top) / sum);
      }
      for (int threads : {1, 2, 3, 5, 7}) {
        KernelRun run(name);
        run.input("x", {2, 3, columns}, x);
        run.output("out", {2, 3, columns});
        run.run(threads);
        if (threads == 1) one = run.floats("out");
        expect_same_bits(run.floats("out"), one);
      }
      expect_close(one, expected, {.absolute = 1e-30, .relative = 1e-5});
    }
  }
}

TEST_MAIN
