// rope against f64: styles, parts, factors, linear and YaRN scaling, long positions.
#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Case {
  int64_t tokens, heads, columns, start, size;  // size −1: no part; heads 0: x is [T, D]
  const char* style;
  const char* scaling;
  bool factors;
};

std::vector<double> frequencies(const Case& c, int64_t size, const std::vector<float>& factors) {
  std::vector<double> out;
  for (int64_t i = 0; i < size / 2; i++) {
    double f = std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(size));
    if (c.factors) f /= factors[i];
    const std::string scaling = c.scaling;
    if (scaling == "linear") f /= 40;
    if (scaling == "yarn") {
      const auto pair = [&](double turns) { return static_cast<double>(size) * std::log(4096 / (turns * 2 * M_PI)) / (2 * std::log(10000.0)); };
      const double first = std::max(0.0, std::floor(pair(32))), last = std::min(static_cast<double>(size - 1), std::ceil(pair(1)));
      const double slowed = std::min(1.0, std::max(0.0, (static_cast<double>(i) - first) / std::max(0.001, last - first)));
      f = f * (1 - slowed) + f / 40 * slowed;
    }
    out.push_back(f);
  }
  return out;
}

}  // namespace

TEST("rope rotates as f64 does") {
  Rng rng(9);
  for (const std::string& name : kernels_of("rope")) {
    for (const Case& c : {Case{5, 0, 64, 0, -1, "interleaved", "", false}, {3, 4, 192, 128, 64, "interleaved", "yarn", false},
                          {3, 2, 100, 4, 90, "neox", "", true}, {1, 3, 128, 0, -1, "neox", "linear", false},
                          {70, 16, 192, 128, 64, "neox", "yarn", true}, {2, 1, 6, 1, 2, "interleaved", "", false}}) {
      const int64_t heads = c.heads == 0 ? 1 : c.heads, size = c.size < 0 ? c.columns : c.size, half = size / 2;
      const std::vector<float> x = rng.normal(c.tokens * heads * c.columns), factors = rng.uniform(half, 0.5f, 4);
      std::vector<int32_t> positions = rng.ints(c.tokens, 0, 160000);
      positions[0] = 0;
      const double magnitude = std::string(c.scaling) == "yarn" ? 1.3 : 1;
      const std::vector<double> f = frequencies(c, size, factors);
      std::vector<float> expected = x, one;
      for (int64_t row = 0; row < c.tokens * heads; row++) {
        for (int64_t i = 0; i < half; i++) {
          const bool neox = std::string(c.style) == "neox";
          const int64_t a = row * c.columns + c.start + (neox ? i : 2 * i), b = a + (neox ? half : 1);
          const double angle = positions[row / heads] * f[i], cosine = magnitude * std::cos(angle), sine = magnitude * std::sin(angle);
          expected[a] = static_cast<float>(x[a] * cosine - x[b] * sine);
          expected[b] = static_cast<float>(x[a] * sine + x[b] * cosine);
        }
      }
      for (int threads : {1, 2, 3, 5, 7}) {
        KernelRun run(name);
        const std::vector<int64_t> shape =
            c.heads == 0 ? std::vector<int64_t>{c.tokens, c.columns} : std::vector<int64_t>{c.tokens, heads, c.columns};
        run.input("x", shape, x);
        run.ints("positions", {c.tokens}, positions);
        if (c.factors) run.weight("factors", DType::f32, Layout::rows, {half}, factors);
        run.output("out", shape);
        run.attr("style", c.style);
        run.attr("base", 10000);
        if (c.size >= 0) {
          run.attr("part.start", c.start);
          run.attr("part.size", c.size);
        }
        if (c.scaling[0] != 0) {
          run.attr("scaling.kind", c.scaling);
          run.attr("scaling.factor", 40);
        }
        if (std::string(c.scaling) == "yarn") {
          run.attr("scaling.originalContext", 4096);
          run.attr("scaling.betaFast", 32);
          run.attr("scaling.betaSlow", 1);
          run.attr("scaling.magnitude", magnitude);
        }
        run.workspace((4 * c.tokens * c.columns + 63) / 64 * 64);
        run.run(threads);
        if (threads == 1) one = run.floats("out");
        expect_same_bits(run.floats("out"), one);
      }
      expect_close(one, expected, {.absolute = 1e-6, .relative = 1e-6});
    }
  }
}

TEST_MAIN
