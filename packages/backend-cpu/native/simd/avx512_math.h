// exp, sigmoid and silu for 16 floats; needs AVX-512F. Accuracy and special values as in generic_math.h; the bits equal avx2_math.h's.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "exp_constants.h"

static inline __m512 tp_avx512_exp(__m512 x) {
  // max/min return their second operand when one is NaN, which keeps x's NaN.
  const __m512 c = _mm512_min_ps(_mm512_set1_ps(TP_EXP_HIGH), _mm512_max_ps(_mm512_set1_ps(TP_EXP_LOW), x));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(c, _mm512_set1_ps(TP_EXP_LOG2E)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(TP_EXP_LN2_HI), c);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(TP_EXP_LN2_LO), r);
  __m512 p = _mm512_set1_ps(TP_EXP_C4);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(TP_EXP_C3));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(TP_EXP_C2));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(TP_EXP_C1));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(TP_EXP_C0));
  p = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r), _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);  // p · 2^n, rounded once, also into denormals and infinity
}

static inline __m512 tp_avx512_neg(__m512 x) {
  return _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(x), _mm512_set1_epi32(INT32_MIN)));
}

static inline __m512 tp_avx512_sigmoid(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0f);
  return _mm512_div_ps(one, _mm512_add_ps(one, tp_avx512_exp(tp_avx512_neg(x))));
}

static inline __m512 tp_avx512_silu(__m512 x) {
  const __m512 c = _mm512_max_ps(_mm512_set1_ps(-TP_FLT_MAX), x);  // -inf/inf would be NaN
  return _mm512_div_ps(c, _mm512_add_ps(_mm512_set1_ps(1.0f), tp_avx512_exp(tp_avx512_neg(x))));
}
