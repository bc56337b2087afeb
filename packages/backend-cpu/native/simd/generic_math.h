// exp, sigmoid and silu in portable C++ without branches, so that loops over them vectorise. No fused multiply-add: values may differ in
// the last bits from the SIMD variants. Accuracy: exp 2 ulp. NaN stays NaN, exp(-inf) = 0, exp(inf) = inf, silu(-inf) = -0.
#pragma once

#include <stdint.h>

#include "exp_constants.h"

static inline float tp_generic_pow2(int32_t n) { return __builtin_bit_cast(float, (n + 127) << 23); }

static inline float tp_generic_exp(float x) {
  float c = x < TP_EXP_LOW ? TP_EXP_LOW : x;
  c = c > TP_EXP_HIGH ? TP_EXP_HIGH : c;
  const float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
  const float shifted = c * TP_EXP_LOG2E + magic;
  const float n = shifted - magic;
  const int32_t e = __builtin_bit_cast(int32_t, shifted) - __builtin_bit_cast(int32_t, magic);
  float r = c - n * TP_EXP_LN2_HI;
  r = r - n * TP_EXP_LN2_LO;
  float p = TP_EXP_C4;
  p = p * r + TP_EXP_C3;
  p = p * r + TP_EXP_C2;
  p = p * r + TP_EXP_C1;
  p = p * r + TP_EXP_C0;
  p = (p * r) * r + r + 1.0f;
  // A NaN gives a meaningless exponent: keep it in range and let the multiplication carry the NaN.
  int32_t k = e < -151 ? -151 : e;
  k = k > 129 ? 129 : k;
  const int32_t half = k >> 1;
  return p * tp_generic_pow2(half) * tp_generic_pow2(k - half);
}

static inline float tp_generic_sigmoid(float x) { return 1.0f / (1.0f + tp_generic_exp(-x)); }

static inline float tp_generic_silu(float x) {
  const float c = x < -TP_FLT_MAX ? -TP_FLT_MAX : x;
  return c / (1.0f + tp_generic_exp(-x));
}
