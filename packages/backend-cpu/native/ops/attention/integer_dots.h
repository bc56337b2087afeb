// Integer products for AVX-512 units, and rows rounded to eight-bit blocks.
#pragma once

#include "simd/vec.h"

#if defined(__AVX512VNNI__)

// g++ 12 copies accumulators around the intrinsics of these; the instructions themselves are plain enough.
static inline void tp_dot_u8(__m512i* sum, __m512i unsigned_codes, const int32_t* four_signed) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(unsigned_codes), "m"(*four_signed));
}
static inline void tp_dot_s16(__m512i* sum, __m512i a, __m512i b) { asm("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b)); }

// Lanes 0 … left − 1.
static inline __mmask16 tp_first_lanes(int left) { return left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1); }

// Row `m` of `rows`: n values (whole blocks of 32) to codes [n/32][rows][32], scales and starts (−128 · Σ codes) [n/32][rows]. What
// rounding took away goes to `rest` [n] unless that is null; it may be x.
static inline void tp_quantise_row(const float* x, int64_t n, int64_t m, int64_t rows, int8_t* codes, float* scales, int32_t* starts,
                                   float* rest) {
  const __m512 sign = _mm512_set1_ps(-0.0f);
  codes += 32 * m;
  scales += m;
  starts += m;
  for (int64_t b = 0; b < n / 32; b++, codes += 32 * rows, scales += rows, starts += rows) {
    const __m512 a = _mm512_loadu_ps(x + 32 * b), c = _mm512_loadu_ps(x + 32 * b + 16);
    const float largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_andnot_ps(sign, a), _mm512_andnot_ps(sign, c)));
    const __m512 inverse = _mm512_set1_ps(largest > 0 ? 127.0f / largest : 0);
    const __m512i i = _mm512_cvtps_epi32(_mm512_mul_ps(a, inverse)), j = _mm512_cvtps_epi32(_mm512_mul_ps(c, inverse));
    _mm_storeu_si128((__m128i*)codes, _mm512_cvtsepi32_epi8(i));
    _mm_storeu_si128((__m128i*)(codes + 16), _mm512_cvtsepi32_epi8(j));
    const float scale = largest / 127.0f;
    *scales = scale;
    *starts = -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(i, j));
    if (rest) {
      _mm512_storeu_ps(rest + 32 * b, _mm512_fnmadd_ps(_mm512_cvtepi32_ps(i), _mm512_set1_ps(scale), a));
      _mm512_storeu_ps(rest + 32 * b + 16, _mm512_fnmadd_ps(_mm512_cvtepi32_ps(j), _mm512_set1_ps(scale), c));
    }
  }
}

// Dot products of R rows with 16 columns: `blocks` blocks, each column block 512 bytes (8 vectors of 16 columns × 4 unsigned codes) at
// `columns`; `column_scales` [blocks] with `scale_stride` floats between blocks. Row codes as tp_quantise_row makes them. Exact within a
// block; blocks are added to `sum` in ascending order.
template <int R>
static inline void tp_dot_rows(const uint8_t* columns, const float* column_scales, int64_t scale_stride, int64_t blocks,
                               const int8_t* row_codes, const float* scales, const int32_t* starts, int64_t rows, __m512* sum) {
  const int32_t* codes = (const int32_t*)row_codes;
  for (; blocks > 0; blocks--) {
    __m512i key[8];
    TP_UNROLL(8)
    for (int g = 0; g < 8; g++) key[g] = _mm512_load_si512(columns + g * 64);
    const __m512 column_scale = _mm512_load_ps(column_scales);
    TP_UNROLL(16)
    for (int a = 0; a < R; a++) {
      __m512i dot = _mm512_set1_epi32(starts[a]);
      TP_UNROLL(8)
      for (int g = 0; g < 8; g++) tp_dot_u8(&dot, key[g], codes + 8 * a + g);
      sum[a] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_set1_ps(scales[a])), column_scale, sum[a]);
    }
    codes += 8 * rows;
    scales += rows;
    starts += rows;
    column_scales += scale_stride;
    columns += 512;
  }
}

#endif
