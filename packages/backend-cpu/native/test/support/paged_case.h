// A step over several sequences whose pages lie shuffled in the pool: what attention tests run on.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "test/harness.h"

namespace tensorplan::test {

struct PagedCase {
  struct Sequence {
    int64_t context;  // rows, the step's own included
    int64_t tokens;   // of the step: the last ones of the context
  };

  int64_t tokens = 0, pages = 0, slots = 0, sequences = 0;
  std::vector<int32_t> positions, sequence_of, page_table;

  PagedCase(const std::vector<Sequence>& list, Rng& rng) : sequences(static_cast<int64_t>(list.size())) {
    int64_t total = 1;  // a page that nobody owns
    for (const Sequence& s : list) {
      pages = std::max(pages, (s.context + 63) / 64);
      total += (s.context + 63) / 64;
    }
    slots = total * 64;
    std::vector<int32_t> free(static_cast<size_t>(total));
    for (size_t i = 0; i < free.size(); i++) free[i] = static_cast<int32_t>(i);
    for (size_t i = free.size(); i > 1; i--) std::swap(free[i - 1], free[static_cast<size_t>(rng.ints(1, 0, static_cast<int32_t>(i))[0])]);
    page_table.assign(static_cast<size_t>(sequences * pages), 0);
    for (int64_t s = 0; s < sequences; s++) {
      for (int64_t i = 0; i < (list[s].context + 63) / 64; i++) {
        page_table[s * pages + i] = free.back();
        free.pop_back();
      }
      for (int64_t t = 0; t < list[s].tokens; t++) {
        positions.push_back(static_cast<int32_t>(list[s].context - list[s].tokens + t));
        sequence_of.push_back(static_cast<int32_t>(s));
      }
    }
    tokens = static_cast<int64_t>(positions.size());
    contexts_ = list;
  }

  int64_t row(int64_t sequence, int64_t j) const { return page_table[sequence * pages + j / 64] * 64 + j % 64; }

  // A cache whose used rows are normal values; all others are NaN.
  std::vector<float> cache(int64_t width, Rng& rng, float deviation = 1) const {
    std::vector<float> out(static_cast<size_t>(slots * width), std::numeric_limits<float>::quiet_NaN());
    for (int64_t s = 0; s < sequences; s++)
      for (int64_t j = 0; j < contexts_[s].context; j++) {
        const std::vector<float> values = rng.normal(width, deviation);
        std::copy(values.begin(), values.end(), out.begin() + row(s, j) * width);
      }
    return out;
  }

  void bind(KernelRun& run) const {
    run.ints("positions", {tokens}, positions);
    run.ints("sequence_of", {tokens}, sequence_of);
    run.ints("page_table", {sequences, pages}, page_table);
  }

  // The same step with token t alone.
  PagedCase alone(int64_t t) const {
    PagedCase one = *this;
    one.tokens = 1;
    one.positions = {positions[t]};
    one.sequence_of = {sequence_of[t]};
    return one;
  }

 private:
  std::vector<Sequence> contexts_;
};

// Softmax attention of one query in f64 over rows given by `key(j)` and `value(j)`.
template <class Key, class Value>
std::vector<float> attend(const float* q, int64_t d, int64_t dv, int64_t rows, double scale, Key key, Value value) {
  std::vector<double> p(static_cast<size_t>(rows)), sum(static_cast<size_t>(dv));
  double top = -INFINITY, total = 0;
  for (int64_t j = 0; j < rows; j++) {
    double dot = 0;
    for (int64_t i = 0; i < d; i++) dot += static_cast<double>(q[i]) * key(j)[i];
    p[j] = dot * scale;
    top = std::max(top, p[j]);
  }
  for (double& v : p) total += v = std::exp(v - top);
  for (int64_t j = 0; j < rows; j++)
    for (int64_t i = 0; i < dv; i++) sum[i] += p[j] / total * value(j)[i];
  return std::vector<float>(sum.begin(), sum.end());
}

// Fails unless max |a − b| ≤ tolerance · root mean square of b.
inline void expect_near_rms(const std::vector<float>& a, const std::vector<float>& b, double tolerance, const std::string& what) {
  double square = 0, worst = 0;
  for (size_t i = 0; i < b.size(); i++) {
    square += static_cast<double>(b[i]) * b[i];
    const double error = std::fabs(static_cast<double>(a[i]) - b[i]);
    worst = error > worst || std::isnan(error) ? error : worst;
  }
  const double rms = std::sqrt(square / static_cast<double>(std::max<size_t>(1, b.size())));
  if (!(worst <= tolerance * rms))
    fail(__FILE__, __LINE__, what + ": largest error " + std::to_string(worst / rms) + " of the root mean square, allowed " + std::to_string(tolerance));
}

}  // namespace tensorplan::test
