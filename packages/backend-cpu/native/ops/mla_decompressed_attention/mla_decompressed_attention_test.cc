// mla_decompressed_attention against f64, over shuffled pages whose unused rows are NaN.
#include "test/support/paged_case.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

struct Operands {
  PagedCase paged;
  int64_t heads, nope, rope, latent, values;
  bool rope_first;  // in the cache row
  DType cache_type, weight_type;
  Layout layout;
  std::vector<float> q, cache, k_up, v_b;
};

KernelRun prepared(const std::string& name, const Operands& o) {
  KernelRun run(name);
  run.input("q", {o.paged.tokens, o.heads, o.nope + o.rope}, o.q);
  run.state("cache", o.cache_type, {o.paged.slots, o.latent + o.rope}, o.cache);
  run.weight("k_up", o.weight_type, o.layout, {o.heads, o.nope, o.latent}, o.k_up);
  run.weight("v_b", o.weight_type, o.layout, {o.heads, o.values, o.latent}, o.v_b);
  o.paged.bind(run);
  run.output("out", {o.paged.tokens, o.heads, o.values});
  run.attr("scale", 0.1);
  run.attr("nope.start", 0);
  run.attr("nope.size", o.nope);
  run.attr("rope.start", o.nope);
  run.attr("rope.size", o.rope);
  run.attr("latent.start", o.rope_first ? o.rope : 0);
  run.attr("latent.size", o.latent);
  return run;
}

std::vector<float> reference(const Operands& o, const KernelRun& run) {
  const std::vector<float> cache = run.decoded("cache"), k_up = run.decoded("k_up"), v_b = run.decoded("v_b");
  const int64_t width = o.latent + o.rope, d = o.nope + o.rope;
  std::vector<float> out(static_cast<size_t>(o.paged.tokens * o.heads * o.values));
  for (int64_t h = 0; h < o.heads; h++) {
    std::vector<float> k(static_cast<size_t>(o.paged.slots * d)), v(static_cast<size_t>(o.paged.slots * o.values));
    for (int64_t s = 0; s < o.paged.slots; s++) {
      const float* c = cache.data() + s * width + (o.rope_first ? o.rope : 0);
      if (std::isnan(c[0])) continue;
      for (int64_t n = 0; n < o.nope; n++) {
        double sum = 0;
        for (int64_t i = 0; i < o.latent; i++) sum += static_cast<double>(c[i]) * k_up[(h * o.nope + n) * o.latent + i];
        k[s * d + n] = static_cast<float>(sum);
      }
      for (int64_t i = 0; i < o.rope; i++) k[s * d + o.nope + i] = cache[s * width + (o.rope_first ? 0 : o.latent) + i];
      for (int64_t n = 0; n < o.values; n++) {
        double sum = 0;
        for (int64_t i = 0; i < o.latent; i++) sum += static_cast<double>(c[i]) * v_b[(h * o.values + n) * o.latent + i];
        v[s * o.values + n] = static_cast<float>(sum);
      }
    }
    for (int64_t t = 0; t < o.paged.tokens; t++) {
      const int64_t sequence = o.paged.sequence_of[t];
      const std::vector<float> one = attend(
          o.q.data() + (t * o.heads + h) * d, d, o.values, o.paged.positions[t] + 1, 0.1,
          [&](int64_t j) { return k.data() + o.paged.row(sequence, j) * d; },
          [&](int64_t j) { return v.data() + o.paged.row(sequence, j) * o.values; });
      std::copy(one.begin(), one.end(), out.begin() + (t * o.heads + h) * o.values);
    }
  }
  return out;
}

Operands operands(const std::vector<PagedCase::Sequence>& list, int64_t heads, int64_t nope, int64_t rope, int64_t latent, int64_t values,
                  bool rope_first, DType cache_type, DType weight_type, Layout layout, uint64_t seed) {
  Rng rng(seed);
  PagedCase paged(list, rng);
  Operands o{paged, heads, nope, rope, latent, values, rope_first, cache_type, weight_type, layout, {}, {}, {}, {}};
  o.q = rng.normal(paged.tokens * heads * (nope + rope), 1);
  o.cache = paged.cache(latent + rope, rng);
  o.k_up = rng.normal(heads * nope * latent, 1 / std::sqrt(static_cast<float>(latent)));
  o.v_b = rng.normal(heads * values * latent, 1 / std::sqrt(static_cast<float>(latent)));
  return o;
}

bool reads(const std::string& name, Layout layout) { return (name.find(".x16.") != std::string::npos) == (layout == Layout::x16); }

bool in_integers(const std::string& name) { return name.find(".int8.") != std::string::npos; }
bool is_block(DType dtype) { return dtype == DType::q8_0 || dtype == DType::iq4_nl; }

// In integers, the latent rows of a sequence's beginning are rounded to 15 bits, keys, values and weights to about 12.
double tolerance(const std::string& name) { return in_integers(name) ? 1e-2 : 2e-5; }

}  // namespace

TEST("mla_decompressed_attention agrees with f64 for every weight and cache type") {
  uint64_t seed = 80;
  for (const auto& [cache_type, weight_type] :
       std::vector<std::pair<DType, DType>>{{DType::f16, DType::f32}, {DType::f32, DType::f16}, {DType::bf16, DType::bf16},
                                            {DType::q8_0, DType::q8_0}, {DType::f16, DType::iq4_nl}, {DType::q8_0, DType::iq4_nl}}) {
    const bool plain = cache_type != DType::q8_0 && !is_block(weight_type);
    for (Operands o : {operands({{1, 1}, {65, 3}, {64, 64}}, 2, plain ? 13 : 32, plain ? 6 : 32, plain ? 40 : 64, plain ? 21 : 24, false,
                                cache_type, weight_type, Layout::rows, seed++),
                       operands({{300, 130}, {513, 2}}, 2, 128, 64, 128, 128, true, cache_type, weight_type, Layout::rows, seed++)}) {
      std::vector<float> expected;
      for (const std::string& name : kernels_of("mla_decompressed_attention")) {
        if (in_integers(name) && !is_block(weight_type)) continue;
        o.layout = reads(name, Layout::x16) ? Layout::x16 : Layout::rows;
        KernelRun run = prepared(name, o);
        run.run(1);
        const std::vector<float> one = run.floats("out");
        if (expected.empty()) expected = reference(o, run);
        expect_near_rms(one, expected, tolerance(name), name);
        run.run(3);
        expect_same_bits(run.floats("out"), one);
      }
    }
  }
}

TEST("a query alone has the bits that it has among hundreds") {
  for (const std::string& name : kernels_of("mla_decompressed_attention")) {
    if (!reads(name, Layout::x16)) continue;
    const Operands o = operands({{600, 530}, {64, 1}, {10, 10}}, 2, 64, 32, 128, 32, false, DType::q8_0, DType::q8_0, Layout::x16, 99);
    KernelRun all = prepared(name, o);
    all.run(2);
    const std::vector<float> batch = all.floats("out");
    const int64_t width = o.heads * o.values, q_width = o.heads * (o.nope + o.rope);
    for (int64_t t : {0, 3, 300, 511, 512, 529, 530, 535, 540}) {
      Operands one = o;
      one.paged = o.paged.alone(t);
      one.q.assign(o.q.begin() + t * q_width, o.q.begin() + (t + 1) * q_width);
      KernelRun run = prepared(name, one);
      run.run(1);
      expect_same_bits(run.floats("out"), std::vector<float>(batch.begin() + t * width, batch.begin() + (t + 1) * width));
    }
  }
}

TEST("there are portable kernels, so the tests above ran") { CHECK(!kernels_of("mla_decompressed_attention").empty()); }

TEST_MAIN
