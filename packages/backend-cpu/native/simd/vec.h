// One vector of floats, as wide as the unit's instruction set allows (TP_W lanes): what kernels that are written once and compiled for each
// instruction set use. Internal linkage and C types only. TP_ISA(name) gives a unit's functions their names.
#pragma once

#include <stdint.h>
#include <string.h>

#include "formats/half.h"
#include "simd/generic_math.h"

#define TP_UNROLL(n) TP_PRAGMA(GCC unroll n)
#define TP_PRAGMA(text) _Pragma(#text)

#if defined(__AVX512F__)

#include "simd/avx512_math.h"
#define TP_ISA(name) name##_avx512
#define TP_W 16
typedef __m512 vf;

static inline vf vf_load(const float* p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float* p, vf a) { _mm512_storeu_ps(p, a); }
static inline vf vf_load_n(const float* p, int n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
static inline void vf_store_n(float* p, vf a, int n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), a); }
static inline vf vf_set1(float x) { return _mm512_set1_ps(x); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf vf_exp(vf a) { return tp_avx512_exp(a); }
static inline vf vf_sigmoid(vf a) { return tp_avx512_sigmoid(a); }
static inline vf vf_silu(vf a) { return tp_avx512_silu(a); }
static inline float vf_sum(vf v) {
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline float vf_first(vf v) { return _mm512_cvtss_f32(v); }
static inline float vf_hmax(vf v) { return _mm512_reduce_max_ps(v); }
static inline vf vf_from_f16(const uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }
static inline vf vf_from_bf16(const uint16_t* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16));
}
static inline vf vf_from_s8(const int8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)p)));
}
static inline void vf_to_f16(uint16_t* p, vf a) {
  _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
// Sums over the lanes of four vectors: out[i] = Σ lanes of the i-th, in one fixed order.
static inline void vf_sum4(vf a, vf b, vf c, vf d, float* out) {
  const vf t = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const vf u = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const vf s = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t), _mm512_castps_pd(u))),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t), _mm512_castps_pd(u))));
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1)));
}

#elif defined(__AVX2__)

#include "simd/avx2_math.h"
#define TP_ISA(name) name##_avx2
#define TP_W 8
typedef __m256 vf;

static inline vf vf_load(const float* p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float* p, vf a) { _mm256_storeu_ps(p, a); }
static inline vf vf_load_n(const float* p, int n) { return _mm256_maskload_ps(p, tp_avx2_mask(n)); }
static inline void vf_store_n(float* p, vf a, int n) { _mm256_maskstore_ps(p, tp_avx2_mask(n), a); }
static inline vf vf_set1(float x) { return _mm256_set1_ps(x); }
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf vf_exp(vf a) { return tp_avx2_exp(a); }
static inline vf vf_sigmoid(vf a) { return tp_avx2_sigmoid(a); }
static inline vf vf_silu(vf a) { return tp_avx2_silu(a); }
static inline float vf_sum(vf v) { return tp_avx2_sum(v); }
static inline float vf_first(vf v) { return _mm256_cvtss_f32(v); }
static inline float vf_hmax(vf v) { return tp_avx2_max(v); }
static inline vf vf_from_f16(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }
static inline vf vf_from_bf16(const uint16_t* p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)p)), 16));
}
static inline vf vf_from_s8(const int8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)p)));
}
static inline void vf_to_f16(uint16_t* p, vf a) {
  _mm_storeu_si128((__m128i*)p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
static inline void vf_sum4(vf a, vf b, vf c, vf d, float* out) {
  const vf t = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1)));
}

#else

#define TP_ISA(name) name##_generic
#define TP_W 4
typedef float vf __attribute__((vector_size(16)));

static inline vf vf_load(const float* p) {
  vf a;
  memcpy(&a, p, sizeof a);
  return a;
}
static inline void vf_store(float* p, vf a) { memcpy(p, &a, sizeof a); }
static inline vf vf_load_n(const float* p, int n) {
  vf a = {0, 0, 0, 0};
  for (int i = 0; i < n; i++) a[i] = p[i];
  return a;
}
static inline void vf_store_n(float* p, vf a, int n) {
  for (int i = 0; i < n; i++) p[i] = a[i];
}
static inline vf vf_set1(float x) { return (vf){x, x, x, x}; }
static inline vf vf_add(vf a, vf b) { return a + b; }
static inline vf vf_mul(vf a, vf b) { return a * b; }
static inline vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf vf_max(vf a, vf b) {
  for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
}
static inline vf vf_exp(vf a) {
  for (int i = 0; i < 4; i++) a[i] = tp_generic_exp(a[i]);
  return a;
}
static inline vf vf_sigmoid(vf a) {
  for (int i = 0; i < 4; i++) a[i] = tp_generic_sigmoid(a[i]);
  return a;
}
static inline vf vf_silu(vf a) {
  for (int i = 0; i < 4; i++) a[i] = tp_generic_silu(a[i]);
  return a;
}
static inline float vf_sum(vf v) { return (v[0] + v[2]) + (v[1] + v[3]); }
static inline float vf_first(vf v) { return v[0]; }
static inline float vf_hmax(vf v) {
  const float a = v[0] > v[1] ? v[0] : v[1], b = v[2] > v[3] ? v[2] : v[3];
  return a > b ? a : b;
}
static inline vf vf_from_f16(const uint16_t* p) {
  return (vf){tp_f16_to_f32(p[0]), tp_f16_to_f32(p[1]), tp_f16_to_f32(p[2]), tp_f16_to_f32(p[3])};
}
static inline vf vf_from_bf16(const uint16_t* p) {
  return (vf){tp_bf16_to_f32(p[0]), tp_bf16_to_f32(p[1]), tp_bf16_to_f32(p[2]), tp_bf16_to_f32(p[3])};
}
static inline vf vf_from_s8(const int8_t* p) { return (vf){(float)p[0], (float)p[1], (float)p[2], (float)p[3]}; }
static inline void vf_to_f16(uint16_t* p, vf a) {
  for (int i = 0; i < 4; i++) p[i] = tp_f32_to_f16(a[i]);
}
static inline void vf_sum4(vf a, vf b, vf c, vf d, float* out) {
  out[0] = vf_sum(a);
  out[1] = vf_sum(b);
  out[2] = vf_sum(c);
  out[3] = vf_sum(d);
}

#endif
