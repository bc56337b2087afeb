#include <array>

#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

TEST("multiplies the nope part, wherever it lies, and appends the rope part untouched") {
  for (const ProductName& name : products_of("mla_absorb_query")) {
    Rng rng(31);
    for (const auto& [t, h, n, l, r] : {std::array<int64_t, 5>{1, 1, 32, 1, 1}, {2, 3, 64, 35, 5}, {17, 2, 32, 48, 7}, {135, 2, 32, 16, 3}}) {
      for (const bool rope_first : {false, true}) {
        const int64_t width = n + r, nope = rope_first ? r : 0, rope = rope_first ? 0 : n;
        const std::vector<float> q = rng.normal(t * h * width), w = rng.normal(h * l * n);
        KernelRun run(name.kernel);
        run.input("q", {t, h, width}, q);
        run.weight("w", name.dtype, name.layout, {h, l, n}, w);
        run.output("out", {t, h, l + r});
        run.attr("nope.start", nope);
        run.attr("nope.size", n);
        run.attr("rope.start", rope);
        run.attr("rope.size", r);
        if (name.quantised()) run.workspace(quantised_workspace(t * h, n));
        run.run();
        const std::vector<float> out = run.floats("out"), weights = run.decoded("w");
        std::vector<float> expected;
        for (int64_t row = 0; row < t * h; row++) {
          const float* from = &q[static_cast<size_t>(row * width)];
          std::vector<float> x(from + nope, from + nope + n);
          if (name.quantised()) x = as_quantised(x);
          for (int64_t i = 0; i < l; i++)
            expected.push_back(static_cast<float>(dot(x.data(), &weights[static_cast<size_t>((row % h * l + i) * n)], n)));
          for (int64_t i = 0; i < r; i++) {
            expected.push_back(from[rope + i]);
            CHECK_EQ(out[static_cast<size_t>(row * (l + r) + l + i)], from[rope + i]);
          }
        }
        expect_close(out, expected, {.absolute = 2e-5, .relative = 1e-5});
        run.run(4);
        expect_same_bits(run.floats("out"), out);
      }
    }
  }
}

TEST("refuses a part that the weight's rows don't fit") {
  KernelRun run("mla_absorb_query.f32.rows.generic");
  run.input("q", {1, 1, 8}, std::vector<float>(8));
  run.weight("w", DType::f32, Layout::rows, {1, 2, 6}, std::vector<float>(12));
  run.output("out", {1, 1, 5});
  run.attr("nope.start", 0);
  run.attr("nope.size", 5);
  run.attr("rope.start", 5);
  run.attr("rope.size", 3);
  CHECK_THROWS(run.run(), "the part of \"q\" has 5 values");
}

}  // namespace

TEST_MAIN
