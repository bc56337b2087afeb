#include <map>

#include "ops/matmul/product_checks.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Case {
  int64_t m, n, k;
};

struct Run {
  std::vector<float> out, weights;
};

Run multiply(const ProductName& name, const Case& c, const std::vector<float>& x, const std::vector<float>& w, int threads = 1) {
  KernelRun run(name.kernel);
  run.input("x", {c.m, c.k}, x);
  run.weight("w", name.dtype, name.layout, {c.n, c.k}, w);
  run.output("out", {c.m, c.n});
  if (name.quantised()) run.workspace(quantised_workspace(c.m, c.k));
  run.run(threads);
  return {run.floats("out"), run.decoded("w")};
}

std::vector<float> reference(const Case& c, const std::vector<float>& x, const std::vector<float>& w) {
  std::vector<float> out(static_cast<size_t>(c.m * c.n));
  for (int64_t m = 0; m < c.m; m++)
    for (int64_t n = 0; n < c.n; n++)
      out[static_cast<size_t>(m * c.n + n)] = static_cast<float>(dot(&x[static_cast<size_t>(m * c.k)], &w[static_cast<size_t>(n * c.k)], c.k));
  return out;
}

const Case kCases[] = {{1, 1, 32}, {1, 16, 64}, {2, 15, 32}, {3, 17, 96}, {5, 67, 160}, {6, 32, 32}, {7, 97, 64}, {13, 33, 64},
                       {14, 131, 96}, {37, 48, 128}, {70, 50, 64}, {133, 17, 32}, {271, 35, 64}};
const Case kPlainCases[] = {{1, 1, 1}, {2, 16, 2}, {3, 15, 3}, {4, 17, 5}, {7, 61, 37}, {13, 33, 131}, {29, 18, 67}, {140, 19, 7}};

template <class F>
void for_cases(const ProductName& name, F f) {
  for (const Case& c : kCases) f(c);
  if (!name.quantised())
    for (const Case& c : kPlainCases) f(c);
}

TEST("equals a product in double precision, with the same rounding of the rows where weights are quantised") {
  for (const ProductName& name : products_of("matmul")) {
    Rng rng(1);
    for_cases(name, [&](const Case& c) {
      const std::vector<float> x = rng.normal(c.m * c.k), w = rng.normal(c.n * c.k);
      const Run run = multiply(name, c, x, w);
      expect_close(run.out, reference(c, name.quantised() ? as_quantised(x) : x, run.weights), {.absolute = 2e-5, .relative = 1e-5});
      // Rounding rows to 8 bits costs less than a hundredth of a product's usual size.
      expect_close(run.out, reference(c, x, run.weights), {.absolute = 0.04 * std::sqrt(static_cast<double>(c.k)), .relative = 1e-5});
    });
  }
}

TEST("gives the same bits for every layout and every instruction set with fused multiply-add") {
  std::map<std::string, std::vector<float>> first;
  for (const ProductName& name : products_of("matmul")) {
    if (!name.fused()) continue;
    Rng rng(2);
    int index = 0;
    for_cases(name, [&](const Case& c) {
      const std::vector<float> x = rng.normal(c.m * c.k), w = rng.normal(c.n * c.k);
      const Run run = multiply(name, c, x, w);
      const std::string key = std::string(format_of(name.dtype).name) + std::to_string(index++);
      const auto [entry, fresh] = first.emplace(key, run.out);
      if (!fresh) expect_same_bits(entry->second, run.out);
    });
  }
}

TEST("gives the same bits for any number of threads") {
  for (const ProductName& name : products_of("matmul")) {
    Rng rng(3);
    for (const Case& c : {Case{1, 333, 64}, Case{5, 1100, 32}, Case{150, 130, 64}}) {
      const std::vector<float> x = rng.normal(c.m * c.k), w = rng.normal(c.n * c.k);
      const std::vector<float> one = multiply(name, c, x, w).out;
      for (const int threads : kMoreThreads) expect_same_bits(multiply(name, c, x, w, threads).out, one);
    }
  }
}

TEST("gives a row the same bits alone and in a batch of any size") {
  for (const ProductName& name : products_of("matmul")) {
    Rng rng(4);
    const Case all = {70, 37, 96};
    const std::vector<float> x = rng.normal(all.m * all.k), w = rng.normal(all.n * all.k);
    const std::vector<float> batch = multiply(name, all, x, w).out;
    for (int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 19, 69}) {
      const int64_t first = all.m - m;
      const std::vector<float> some(x.begin() + first * all.k, x.end());
      const std::vector<float> out = multiply(name, {m, all.n, all.k}, some, w).out;
      expect_same_bits(out, std::vector<float>(batch.begin() + first * all.n, batch.end()));
    }
  }
}

TEST("carries NaN and infinity of a row into that row alone, and takes zeros and tiny values") {
  for (const ProductName& name : products_of("matmul")) {
    Rng rng(5);
    const Case c = {4, 20, 64};
    std::vector<float> x = rng.normal(c.m * c.k);
    const std::vector<float> w = rng.uniform(c.n * c.k, 0.5f, 1);
    x[3] = std::nanf("");
    x[64 + 40] = INFINITY;
    for (int64_t i = 0; i < c.k; i++) x[static_cast<size_t>(2 * c.k + i)] = i % 2 == 0 ? 0 : 1e-42f;
    const std::vector<float> out = multiply(name, c, x, w).out;
    for (int64_t n = 0; n < c.n; n++) {
      CHECK(std::isnan(out[static_cast<size_t>(n)]));
      CHECK(!std::isfinite(out[static_cast<size_t>(c.n + n)]));
      CHECK(std::fabs(out[static_cast<size_t>(2 * c.n + n)]) < 1e-38f);
      CHECK(std::isfinite(out[static_cast<size_t>(3 * c.n + n)]));
    }
  }
}

TEST("stays exact at the largest codes of weights and rows") {
  for (const ProductName& name : products_of("matmul")) {
    const Case c = {13, 16, 64};
    for (const float sign : {1.0f, -1.0f}) {
      const std::vector<float> x(static_cast<size_t>(c.m * c.k), 1.0f), w(static_cast<size_t>(c.n * c.k), sign * 127.0f);
      const Run run = multiply(name, c, x, w);
      expect_close(run.out, reference(c, x, run.weights), {.relative = 1e-6});
    }
  }
}

TEST("multiplies a row of -128 codes, which files may hold, exactly") {
  for (const ProductName& name : products_of("matmul")) {
    if (name.dtype != DType::q8_0) continue;
    const int64_t k = 64, n = 3, m = 14;
    std::vector<uint8_t> rows(static_cast<size_t>(n * k / 32 * 34), 0x80);
    for (size_t b = 0; b < rows.size(); b += 34) {
      rows[b] = 0;
      rows[b + 1] = 0x3c;  // 1.0
    }
    KernelRun run(name.kernel);
    run.input("x", {m, k}, std::vector<float>(static_cast<size_t>(m * k), -127.0f));
    run.encoded_weight("w", name.dtype, name.layout, {n, k}, rows);
    run.output("out", {m, n});
    run.workspace(quantised_workspace(m, k));
    run.run();
    expect_close(run.floats("out"), std::vector<float>(static_cast<size_t>(m * n), 128.0f * 127 * k), {});
  }
}

TEST("takes inputs with more axes and refuses a workspace that is too small") {
  for (const ProductName& name : products_of("matmul")) {
    Rng rng(6);
    const std::vector<float> x = rng.normal(2 * 3 * 32), w = rng.normal(18 * 32);
    KernelRun run(name.kernel);
    run.input("x", {2, 3, 32}, x);
    run.weight("w", name.dtype, name.layout, {18, 32}, w);
    run.output("out", {2, 3, 18});
    if (name.quantised()) {
      run.workspace(192);
      CHECK_THROWS(run.run(), "workspace");
      run.workspace(quantised_workspace(6, 32));
    }
    run.run();
    expect_same_bits(run.floats("out"), multiply(name, {6, 18, 32}, x, w).out);
  }
}

}  // namespace

TEST_MAIN
