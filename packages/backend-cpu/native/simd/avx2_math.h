// exp, sigmoid, silu and horizontal sums for 8 floats; needs AVX2 and FMA. Accuracy and special values as in generic_math.h; the bits
// equal avx512_math.h's.
#pragma once

#include <immintrin.h>

#include "exp_constants.h"

static inline __m256 tp_avx2_exp(__m256 x) {
  // max/min return their second operand when one is NaN, which keeps x's NaN.
  const __m256 c = _mm256_min_ps(_mm256_set1_ps(TP_EXP_HIGH), _mm256_max_ps(_mm256_set1_ps(TP_EXP_LOW), x));
  const __m256 n =
      _mm256_round_ps(_mm256_mul_ps(c, _mm256_set1_ps(TP_EXP_LOG2E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(TP_EXP_LN2_HI), c);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(TP_EXP_LN2_LO), r);
  __m256 p = _mm256_set1_ps(TP_EXP_C4);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(TP_EXP_C3));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(TP_EXP_C2));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(TP_EXP_C1));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(TP_EXP_C0));
  p = _mm256_add_ps(_mm256_fmadd_ps(_mm256_mul_ps(p, r), r, r), _mm256_set1_ps(1.0f));
  // 2^n in two factors: the first product is exact, the second rounds once, also into denormals and infinity.
  const __m256i e = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(e, 1);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256 a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const __m256 b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, half), bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(p, a), b);
}

static inline __m256 tp_avx2_sigmoid(__m256 x) {
  const __m256 one = _mm256_set1_ps(1.0f);
  return _mm256_div_ps(one, _mm256_add_ps(one, tp_avx2_exp(_mm256_xor_ps(x, _mm256_set1_ps(-0.0f)))));
}

static inline __m256 tp_avx2_silu(__m256 x) {
  const __m256 c = _mm256_max_ps(_mm256_set1_ps(-TP_FLT_MAX), x);  // -inf/inf would be NaN
  return _mm256_div_ps(
      c, _mm256_add_ps(_mm256_set1_ps(1.0f), tp_avx2_exp(_mm256_xor_ps(x, _mm256_set1_ps(-0.0f)))));
}

// Sum in a fixed order: halves, then quarters, then pairs.
static inline float tp_avx2_sum(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline float tp_avx2_max(__m256 v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

// Lanes 0..n-1 set (n in 0..8), for maskload/maskstore.
static inline __m256i tp_avx2_mask(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
