// What the tests of all products share: reading kernel names, and references in double precision.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "formats/format.h"
#include "test/harness.h"

namespace tensorplan::test {

struct ProductName {
  std::string kernel;
  DType dtype;
  Layout layout;
  std::string isa;

  bool quantised() const { return format_of(dtype).quantised; }
  // Whether it rounds as all instruction sets with fused multiply-add do.
  bool fused() const { return isa != "generic"; }
};

// Names like `<op>.<type>.<layout>.<isa>`.
inline std::vector<ProductName> products_of(const std::string& op) {
  std::vector<ProductName> all;
  for (const std::string& kernel : kernels_of(op)) {
    const size_t a = kernel.find('.'), b = kernel.find('.', a + 1), c = kernel.find('.', b + 1);
    const Format* format = find_format(kernel.substr(a + 1, b - a - 1).c_str());
    CHECK(format != nullptr);
    if (format == nullptr) continue;
    all.push_back({kernel, format->dtype, kernel.substr(b + 1, c - b - 1) == "x16" ? Layout::x16 : Layout::rows, kernel.substr(c + 1)});
  }
  CHECK(!all.empty());
  return all;
}

inline int64_t block_of(DType dtype) { return format_of(dtype).block; }

// Rows as a product with block-quantised weights sees them: codes in -127…127 times the largest magnitude of 32 values / 127.
inline std::vector<float> as_quantised(const std::vector<float>& x) {
  std::vector<float> seen(x.size());
  for (size_t b = 0; b + 32 <= x.size(); b += 32) {
    float largest = 0;
    for (size_t i = 0; i < 32; i++) largest = std::max(largest, std::fabs(x[b + i]));
    const float scale = largest / 127.0f;
    for (size_t i = 0; i < 32; i++) seen[b + i] = largest == 0 ? 0 : scale * std::nearbyintf(x[b + i] * (127.0f / largest));
  }
  return seen;
}

inline double silu_of(double x) { return x / (1 + std::exp(-x)); }

// Σ_k x[k] · w[k]
inline double dot(const float* x, const float* w, int64_t k) {
  double sum = 0;
  for (int64_t i = 0; i < k; i++) sum += static_cast<double>(x[i]) * w[i];
  return sum;
}

inline int64_t quantised_workspace(int64_t rows, int64_t k) { return (rows * k * 40 / 32 + 63) / 64 * 64; }

}  // namespace tensorplan::test
