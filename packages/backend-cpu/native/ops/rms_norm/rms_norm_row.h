// One row of a root-mean-square norm, for every instruction set. Include in an ISA unit.
#pragma once

#include <math.h>

#include "simd/vec.h"

// 1 / sqrt(mean(x²) + eps). Sums run in 4 · TP_W lanes, so the order is fixed by n alone.
static inline float tp_rms_scale(const float* x, int64_t n, float eps) {
  vf sum[4] = {vf_set1(0), vf_set1(0), vf_set1(0), vf_set1(0)};
  int64_t i = 0;
  for (; i + 4 * TP_W <= n; i += 4 * TP_W) {
    TP_UNROLL(4)
    for (int k = 0; k < 4; k++) {
      const vf a = vf_load(x + i + k * TP_W);
      sum[k] = vf_fma(a, a, sum[k]);
    }
  }
  for (; i < n; i += TP_W) {
    const vf a = vf_load_n(x + i, n - i < TP_W ? (int)(n - i) : TP_W);
    sum[0] = vf_fma(a, a, sum[0]);
  }
  const float total = vf_sum(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3])));
  return 1.0f / sqrtf(total / (float)n + eps);
}

// out = x · scale · weight
static inline void tp_rms_apply(const float* x, const float* weight, float* out, int64_t n, float scale) {
  const vf s = vf_set1(scale);
  int64_t i = 0;
  for (; i + TP_W <= n; i += TP_W) vf_store(out + i, vf_mul(vf_mul(vf_load(x + i), s), vf_load(weight + i)));
  const int rest = (int)(n - i);
  if (rest > 0) vf_store_n(out + i, vf_mul(vf_mul(vf_load_n(x + i, rest), s), vf_load_n(weight + i, rest)), rest);
}
