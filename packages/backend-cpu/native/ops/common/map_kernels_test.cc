// The elementwise kernels against f64, for every instruction set, around vector and chunk boundaries.
#include <functional>

#include "test/harness.h"

using namespace tensorplan::test;

namespace {

constexpr double kFactor = 0.37;

double silu(double x) { return x / (1 + std::exp(-x)); }

struct Case {
  const char* op;
  const char* a;
  const char* b;
  double (*expected)(double a, double b);
};

const Case kCases[] = {
    {"add", "a", "b", [](double a, double b) { return a + b; }},
    {"mul", "a", "b", [](double a, double b) { return a * b; }},
    {"scale", "x", nullptr, [](double a, double) { return a * static_cast<double>(static_cast<float>(kFactor)); }},
    {"silu", "x", nullptr, [](double a, double) { return silu(a); }},
    {"sigmoid", "x", nullptr, [](double a, double) { return 1 / (1 + std::exp(-a)); }},
    {"swiglu", "gate", "up", [](double a, double b) { return silu(a) * b; }},
};

std::vector<float> run(const std::string& name, const Case& c, const std::vector<float>& a, const std::vector<float>& b,
                       std::vector<int64_t> shape, int threads) {
  KernelRun run(name);
  run.input(c.a, shape, a);
  if (c.b) run.input(c.b, shape, b);
  run.output("out", shape);
  run.attr("factor", kFactor);
  run.run(threads);
  return run.floats("out");
}

}  // namespace

TEST("elementwise kernels agree with f64 for any size") {
  Rng rng(1);
  for (const Case& c : kCases) {
    for (const std::string& name : kernels_of(c.op)) {
      for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{1, 1}, {3, 5}, {1, 16}, {2, 33}, {7, 2341}, {3, 5, 11}}) {
        int64_t n = 1;
        for (int64_t d : shape) n *= d;
        std::vector<float> a = rng.normal(n, 5), b = rng.normal(n);
        if (n > 4) {
          a[0] = 100;
          a[1] = -100;
          a[2] = 0;
        }
        std::vector<float> expected(static_cast<size_t>(n));
        for (size_t i = 0; i < expected.size(); i++) expected[i] = static_cast<float>(c.expected(a[i], b[i]));
        const std::vector<float> one = run(name, c, a, b, shape, 1);
        expect_close(one, expected, {.absolute = 1e-30, .relative = 1e-6});
        for (int threads : {2, 3, 5}) expect_same_bits(run(name, c, a, b, shape, threads), one);
      }
    }
  }
}

TEST("silu, sigmoid and swiglu keep infinities and NaNs in their places") {
  for (const std::string& name : kernels_of("sigmoid")) {
    const float inf = INFINITY;
    const std::vector<float> y = run(name, kCases[4], {inf, -inf, NAN}, {}, {3}, 1);
    CHECK_EQ(y[0], 1.0f);
    CHECK_EQ(y[1], 0.0f);
    CHECK(std::isnan(y[2]));
  }
}

TEST_MAIN
