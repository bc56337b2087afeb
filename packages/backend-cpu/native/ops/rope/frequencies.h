// The angle per position of each pair of a rotary embedding (Su et al., arXiv:2104.09864), scaled linearly or by YaRN (Peng et al.,
// arXiv:2309.00071, with the corrections' bounds rounded outward as llama.cpp has it).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/kernel.h"

namespace tensorplan {

struct RopeFrequencies {
  double base = 10000, factor = 1;  // factor: how much longer contexts became
  bool yarn = false;
  double original_context = 0, beta_fast = 32, beta_slow = 1, magnitude = 1;

  explicit RopeFrequencies(const Attributes& attrs)
      : base(attrs.number("base", 10000)), factor(attrs.number("scaling.factor", 1)),
        yarn(attrs.string("scaling.kind", "") == "yarn"), original_context(attrs.number("scaling.originalContext", 0)),
        beta_fast(attrs.number("scaling.betaFast", 32)), beta_slow(attrs.number("scaling.betaSlow", 1)),
        magnitude(yarn ? attrs.number("scaling.magnitude", 1) : 1) {}

  // The (fractional) pair that turns `turns` times over the original context.
  double pair_of(double turns, int64_t width) const {
    return static_cast<double>(width) * std::log(original_context / (turns * 2 * M_PI)) / (2 * std::log(base));
  }

  // How much of pair i's frequency stays unscaled: 1 for fast pairs, 0 for slow ones.
  double kept(int64_t pair, int64_t width) const {
    if (!yarn) return 0;
    const double low = std::max(0.0, std::floor(pair_of(beta_fast, width)));
    const double high = std::min(static_cast<double>(width - 1), std::ceil(pair_of(beta_slow, width)));
    const double ramp = (static_cast<double>(pair) - low) / std::max(0.001, high - low);
    return 1 - std::clamp(ramp, 0.0, 1.0);
  }

  double of(int64_t pair, int64_t width) const {
    const double plain = std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(width));
    const double keep = kept(pair, width);
    return plain / factor * (1 - keep) + plain * keep;
  }
};

}  // namespace tensorplan
