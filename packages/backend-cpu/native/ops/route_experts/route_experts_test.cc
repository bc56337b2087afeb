// route_experts against a plain f64 version, and its ties and corner cases by hand.
#include <algorithm>
#include <numeric>

#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Options {
  int64_t experts, used;
  bool sigmoid;
  int64_t groups, groups_used;
  bool top2, normalise, bias;
  double scale;
};

struct Routed {
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

std::vector<int64_t> order(const std::vector<double>& v) {
  std::vector<int64_t> i(v.size());
  std::iota(i.begin(), i.end(), 0);
  std::sort(i.begin(), i.end(), [&](int64_t a, int64_t b) { return v[a] != v[b] ? v[a] > v[b] : a < b; });
  return i;
}

Routed reference(const Options& o, const std::vector<float>& logits, const std::vector<float>& bias) {
  Routed r;
  for (size_t at = 0; at < logits.size(); at += static_cast<size_t>(o.experts)) {
    std::vector<double> p(o.experts), choice;
    const double top = *std::max_element(logits.begin() + at, logits.begin() + at + o.experts);
    double sum = 0;
    for (int64_t i = 0; i < o.experts; i++) {
      p[i] = o.sigmoid ? 1 / (1 + std::exp(-static_cast<double>(logits[at + i]))) : std::exp(logits[at + i] - top);
      sum += p[i];
    }
    if (!o.sigmoid)
      for (double& v : p) v /= sum;
    choice = p;
    if (o.bias)
      for (int64_t i = 0; i < o.experts; i++) choice[i] += bias[i];
    if (o.groups > 0) {
      const int64_t size = o.experts / o.groups;
      std::vector<double> score(o.groups);
      for (int64_t g = 0; g < o.groups; g++) {
        std::vector<double> own(choice.begin() + g * size, choice.begin() + (g + 1) * size);
        std::sort(own.rbegin(), own.rend());
        score[g] = own[0] + (o.top2 && size > 1 ? own[1] : 0);
      }
      const std::vector<int64_t> best = order(score);
      for (int64_t k = o.groups_used; k < o.groups; k++)
        for (int64_t i = 0; i < size; i++) choice[best[k] * size + i] = -INFINITY;
    }
    const std::vector<int64_t> best = order(choice);
    double total = 1e-20;
    for (int64_t u = 0; u < o.used; u++) total += p[best[u]];
    for (int64_t u = 0; u < o.used; u++) {
      r.ids.push_back(static_cast<int32_t>(best[u]));
      r.weights.push_back(static_cast<float>(p[best[u]] / (o.normalise ? total : 1) * o.scale));
    }
  }
  return r;
}

Routed run(const std::string& name, const Options& o, const std::vector<float>& logits, const std::vector<float>& bias, int threads) {
  const int64_t tokens = static_cast<int64_t>(logits.size()) / o.experts;
  KernelRun run(name);
  run.input("logits", {tokens, o.experts}, logits);
  if (o.bias) run.weight("bias", DType::f32, Layout::rows, {o.experts}, bias);
  run.output("ids", {tokens, o.used}, DType::i32);
  run.output("weights", {tokens, o.used});
  run.attr("gating", o.sigmoid ? "sigmoid" : "softmax");
  run.attr("used", o.used);
  run.attr("normalise", o.normalise);
  run.attr("scale", o.scale);
  if (o.groups > 0) {
    run.attr("groups.count", o.groups);
    run.attr("groups.used", o.groups_used);
    run.attr("groups.score", o.top2 ? "top2" : "max");
  }
  run.run(threads);
  return {run.ints_of("ids"), run.floats("weights")};
}

}  // namespace

TEST("route_experts chooses and weighs as f64 does") {
  Rng rng(10);
  for (const std::string& name : kernels_of("route_experts")) {
    for (const Options& o : {Options{64, 6, false, 0, 0, false, false, false, 1}, {256, 8, true, 8, 4, true, true, true, 2.5},
                             {160, 6, false, 8, 3, false, false, false, 16}, {512, 16, true, 0, 0, false, true, true, 1},
                             {5, 5, false, 0, 0, false, true, false, 1}, {12, 3, true, 4, 2, true, true, false, 1}, {1, 1, false, 0, 0, false, true, false, 2}}) {
      const int64_t tokens = 37;
      const std::vector<float> logits = rng.normal(tokens * o.experts, 2), bias = rng.normal(o.experts, 0.1f);
      const Routed expected = reference(o, logits, bias), one = run(name, o, logits, bias, 1);
      CHECK(one.ids == expected.ids);
      expect_close(one.weights, expected.weights, {.absolute = 1e-12, .relative = 3e-6});
      for (int threads : {2, 3, 5}) {
        const Routed many = run(name, o, logits, bias, threads);
        CHECK(many.ids == one.ids);
        expect_same_bits(many.weights, one.weights);
      }
    }
  }
}

TEST("equal experts and equal groups go to the lower index") {
  for (const std::string& name : kernels_of("route_experts")) {
    const Options o{8, 4, false, 4, 2, true, true, false, 1};
    const Routed r = run(name, o, std::vector<float>(8, 0.5f), {}, 1);
    CHECK(r.ids == (std::vector<int32_t>{0, 1, 2, 3}));
    expect_close(r.weights, std::vector<float>(4, 0.25f), {.relative = 1e-6});
  }
}

TEST_MAIN
