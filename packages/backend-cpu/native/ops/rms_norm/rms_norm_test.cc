// rms_norm and add_rms_norm against f64.
#include "test/harness.h"

using namespace tensorplan::test;

namespace {

std::vector<float> reference(const std::vector<float>& x, const std::vector<float>& w, int64_t columns, int64_t start, int64_t size,
                             double eps) {
  std::vector<float> out = x;
  for (size_t row = 0; row < x.size() / static_cast<size_t>(columns); row++) {
    const size_t at = row * static_cast<size_t>(columns) + static_cast<size_t>(start);
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += static_cast<double>(x[at + i]) * x[at + i];
    const double scale = 1 / std::sqrt(sum / static_cast<double>(size) + eps);
    for (int64_t i = 0; i < size; i++) out[at + i] = static_cast<float>(x[at + i] * scale * w[i]);
  }
  return out;
}

}  // namespace

TEST("rms_norm agrees with f64, over whole rows and over parts") {
  Rng rng(2);
  struct Case {
    int64_t rows, columns, start, size;
  };
  for (const std::string& name : kernels_of("rms_norm")) {
    for (const Case& c : {Case{1, 1, 0, -1}, {3, 7, 0, -1}, {2, 64, 0, -1}, {5, 100, 0, -1}, {33, 2048, 0, -1}, {4, 576, 0, 512},
                          {3, 50, 7, 33}, {9, 5000, 4000, 1000}}) {
      const int64_t size = c.size < 0 ? c.columns : c.size;
      const std::vector<float> x = rng.normal(c.rows * c.columns, 3), w = rng.uniform(size, 0.5f, 2);
      std::vector<float> one;
      for (int threads : {1, 2, 3, 5, 7}) {
        KernelRun run(name);
        run.input("x", {c.rows, c.columns}, x);
        run.weight("weight", tensorplan::DType::f32, tensorplan::Layout::rows, {size}, w);
        run.output("out", {c.rows, c.columns});
        run.attr("eps", 1e-6);
        if (c.size >= 0) {
          run.attr("part.start", c.start);
          run.attr("part.size", c.size);
        }
        run.run(threads);
        if (threads == 1) one = run.floats("out");
        expect_same_bits(run.floats("out"), one);
      }
      expect_close(one, reference(x, w, c.columns, c.start, size, 1e-6), {.absolute = 1e-7, .relative = 2e-6});
    }
  }
}

TEST("add_rms_norm has the bits of add and then rms_norm") {
  Rng rng(3);
  for (const std::string isa : {"avx512", "avx2", "generic"}) {
    for (int64_t columns : {1, 31, 2048, 5120}) {
      const int64_t rows = 7;
      const std::vector<float> a = rng.normal(rows * columns), b = rng.normal(rows * columns), w = rng.uniform(columns, 0.5f, 2);
      KernelRun fused("add_rms_norm." + isa);
      if (!fused.available()) break;
      fused.input("a", {rows, columns}, a);
      fused.input("b", {rows, columns}, b);
      fused.weight("weight", tensorplan::DType::f32, tensorplan::Layout::rows, {columns}, w);
      fused.output("sum", {rows, columns});
      fused.output("out", {rows, columns});
      fused.attr("eps", 1e-5);
      fused.run(3);
      std::vector<float> sum(a.size());
      for (size_t i = 0; i < a.size(); i++) sum[i] = a[i] + b[i];
      expect_same_bits(fused.floats("sum"), sum);
      KernelRun norm("rms_norm." + isa);
      norm.input("x", {rows, columns}, sum);
      norm.weight("weight", tensorplan::DType::f32, tensorplan::Layout::rows, {columns}, w);
      norm.output("out", {rows, columns});
      norm.attr("eps", 1e-5);
      norm.run();
      expect_same_bits(fused.floats("out"), norm.floats("out"));
    }
  }
}

TEST_MAIN
