#include <math.h>

#include "int8_unit.h"
#include "ops/attention/integer_dots.h"

namespace {

constexpr int kRows = 64;  // of a tile

void prepare_group(int iq4_nl, const uint8_t* group, int64_t blocks, uint8_t* codes, float* scales) {
  const __m512i levels = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 24, 45, 63, 79, 93, 106, 118, (char)129, (char)141, (char)153, (char)166,
                                                              (char)181, (char)197, (char)217, (char)241));  // + 128
  const __m512i nibble = _mm512_set1_epi8(15);
  for (int64_t b = 0; b < blocks; b++, codes += 512, scales += 16) {
    _mm512_store_ps(scales, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)group)));
    group += 32;
    if (iq4_nl) {
      for (int g = 0; g < 4; g++, group += 64) {
        const __m512i x = _mm512_loadu_si512(group);
        _mm512_store_si512(codes + 64 * g, _mm512_shuffle_epi8(levels, _mm512_and_si512(x, nibble)));
        _mm512_store_si512(codes + 64 * g + 256, _mm512_shuffle_epi8(levels, _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble)));
      }
    } else {
      for (int g = 0; g < 8; g++, group += 64) _mm512_store_si512(codes + 64 * g, _mm512_loadu_si512(group));
    }
  }
}

void quantise(const float* x, int64_t n, int64_t row, int8_t* codes, float* scales, int32_t* starts, float* rest) {
  tp_quantise_row(x, n, row, kRows, codes, scales, starts, rest);
}

void take_q8_0(const uint8_t* from, int64_t n, int64_t row, int8_t* codes, float* scales, int32_t* starts) {
  const __m256i ones = _mm256_set1_epi8(1);
  codes += 32 * row;
  scales += row;
  starts += row;
  for (int64_t b = 0; b < n / 32; b++, from += 34, codes += 32 * kRows, scales += kRows, starts += kRows) {
    uint16_t half;
    memcpy(&half, from, 2);
    const __m256i x = _mm256_loadu_si256((const __m256i*)(from + 2));
    _mm256_store_si256((__m256i*)codes, x);
    *scales = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
    const __m256i fours = _mm256_dpbusd_epi32(_mm256_setzero_si256(), ones, x);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    *starts = -128 * _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
  }
}

void project(const uint8_t* weights, const float* weight_scales, int64_t groups, int64_t blocks, int passes, const int8_t* codes,
             const float* scales, const int32_t* starts, float* out, int64_t out_stride) {
  for (int64_t g = 0; g < groups; g++, weights += 512 * blocks, weight_scales += 16 * blocks, out += 16) {
    for (int r = 0; r < kRows; r += 16) {
      __m512 sum[16];
      TP_UNROLL(16)
      for (int a = 0; a < 16; a++) sum[a] = _mm512_setzero_ps();
      for (int i = 0; i < passes; i++) {
        const int64_t at = i * blocks * kRows + r;
        tp_dot_rows<16>(weights, weight_scales, 16, blocks, codes + 32 * at, scales + at, starts + at, kRows, sum);
      }
      TP_UNROLL(16)
      for (int a = 0; a < 16; a++) _mm512_storeu_ps(out + (r + a) * out_stride, sum[a]);
    }
  }
}

float largest_of(const float* x, int64_t n) {
  __m512 top = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; i += 16) top = _mm512_max_ps(top, _mm512_abs_ps(_mm512_loadu_ps(x + i)));
  return _mm512_reduce_max_ps(top);
}

// low in the lower half of each lane, high in the upper.
__m512i pair(__m512i low, __m512i high) { return _mm512_mask_blend_epi16(0xaaaaaaaau, low, _mm512_slli_epi32(high, 16)); }

float pair_row(const float* x, int64_t half, float most, int32_t* pairs) {
  const float largest = largest_of(x, 2 * half);
  const __m512 inverse = _mm512_set1_ps(largest > 0 ? most / largest : 0);
  for (int64_t i = 0; i < half; i += 16)
    _mm512_storeu_si512(pairs + i, pair(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), inverse)),
                                        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + half + i), inverse))));
  return largest / most;
}

// 16 × 16 lanes.
void turn_square(const int32_t* from, int64_t stride, int32_t* to) {
  __m512i x[16], y[16];
  TP_UNROLL(16)
  for (int i = 0; i < 16; i++) x[i] = _mm512_loadu_si512(from + i * stride);
  TP_UNROLL(8)
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
    y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
  }
  // x[4j + c]: column 4·lane + c of rows 4j … 4j + 3.
  TP_UNROLL(4)
  for (int i = 0; i < 16; i += 4) {
    x[i] = _mm512_unpacklo_epi64(y[i], y[i + 2]);
    x[i + 1] = _mm512_unpackhi_epi64(y[i], y[i + 2]);
    x[i + 2] = _mm512_unpacklo_epi64(y[i + 1], y[i + 3]);
    x[i + 3] = _mm512_unpackhi_epi64(y[i + 1], y[i + 3]);
  }
  TP_UNROLL(4)
  for (int c = 0; c < 4; c++) {
    const __m512i a = _mm512_shuffle_i32x4(x[c], x[4 + c], 0x88), b = _mm512_shuffle_i32x4(x[c], x[4 + c], 0xdd);
    const __m512i e = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0x88), f = _mm512_shuffle_i32x4(x[8 + c], x[12 + c], 0xdd);
    _mm512_storeu_si512(to + c * kRows, _mm512_shuffle_i32x4(a, e, 0x88));
    _mm512_storeu_si512(to + (4 + c) * kRows, _mm512_shuffle_i32x4(b, f, 0x88));
    _mm512_storeu_si512(to + (8 + c) * kRows, _mm512_shuffle_i32x4(a, e, 0xdd));
    _mm512_storeu_si512(to + (12 + c) * kRows, _mm512_shuffle_i32x4(b, f, 0xdd));
  }
}

void turn(const int32_t* rows, int64_t half, int32_t* turned) {
  for (int64_t i = 0; i < half; i += 16)
    for (int r = 0; r < kRows; r += 16) turn_square(rows + r * half + i, half, turned + i * kRows + r);
}

void pair_values(const float* low, const float* high, int64_t width, int32_t* pairs, float* low_scale, float* high_scale) {
  const float a = largest_of(low, width), b = largest_of(high, width);
  const __m512 x = _mm512_set1_ps(a > 0 ? TP_MLA_VALUE_MOST / a : 0), y = _mm512_set1_ps(b > 0 ? TP_MLA_VALUE_MOST / b : 0);
  for (int64_t i = 0; i < width; i += 16)
    _mm512_storeu_si512(pairs + i, pair(_mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(low + i), x)),
                                        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(high + i), y))));
  *low_scale = a / TP_MLA_VALUE_MOST;
  *high_scale = b / TP_MLA_VALUE_MOST;
}

// What turns p into weights, for queries that see `limit` rows.
struct WeightScales {
  __m512 factor[4];
  float step;
};

WeightScales weight_scales(const float* value_scales, int32_t limit) {
  WeightScales w;
  __m512 top = _mm512_setzero_ps();
  for (int i = 0; i < 4; i++) {
    w.factor[i] = _mm512_maskz_loadu_ps(tp_first_lanes(limit - 16 * i), value_scales + 16 * i);
    top = _mm512_max_ps(top, w.factor[i]);
  }
  const float largest = _mm512_reduce_max_ps(top);
  const __m512 inverse = _mm512_set1_ps(largest > 0 ? TP_MLA_WEIGHT_MOST / largest : 0);
  for (int i = 0; i < 4; i++) w.factor[i] = _mm512_mul_ps(w.factor[i], inverse);
  w.step = largest / TP_MLA_WEIGHT_MOST;
  return w;
}

// Weights of one query from its integer scores: pairs of rows (e, e + 32). Returns the factors of the state so far and of the tile.
inline void weigh(const tp_mla_queries* t, int64_t m, const __m512i* dots, const float* key_scales, const WeightScales& scales,
                  int32_t* weights, float* alpha, float* beta) {
  const int32_t limit = t->limits[m];
  const __m512 factor = _mm512_set1_ps(t->scales[m]);
  __m512 x[4];
  TP_UNROLL(4)
  for (int i = 0; i < 4; i++) x[i] = _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dots[i]), factor), _mm512_loadu_ps(key_scales + 16 * i));
  if (limit < kRows)
    for (int i = 0; i < 4; i++) x[i] = _mm512_mask_blend_ps(tp_first_lanes(limit - 16 * i), _mm512_set1_ps(-INFINITY), x[i]);
  const float top = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(x[0], x[1]), _mm512_max_ps(x[2], x[3])));
  const __m512 shift = _mm512_set1_ps(top);
  TP_UNROLL(4)
  for (int i = 0; i < 4; i++) x[i] = tp_avx512_exp(_mm512_sub_ps(x[i], shift));
  const float total = vf_sum(_mm512_add_ps(_mm512_add_ps(x[0], x[1]), _mm512_add_ps(x[2], x[3])));
  __m512i w[4];
  TP_UNROLL(4)
  for (int i = 0; i < 4; i++) w[i] = _mm512_cvtps_epi32(_mm512_mul_ps(x[i], scales.factor[i]));
  _mm512_store_si512(weights, pair(w[0], w[2]));
  _mm512_store_si512(weights + 16, pair(w[1], w[3]));
  const float before = t->max[m], now = top > before ? top : before;
  const __m128 both = _mm512_castps512_ps128(tp_avx512_exp(_mm512_castps128_ps512(_mm_setr_ps(before - now, top - now, 0, 0))));
  *alpha = _mm_cvtss_f32(both);
  const float own = _mm_cvtss_f32(_mm_movehdup_ps(both));
  t->max[m] = now;
  t->sum[m] = t->sum[m] * *alpha + total * own;
  *beta = own * scales.step;
}

template <int Q>
void attend_queries(const tp_mla_queries* t, int64_t m, const int32_t* keys, const float* key_scales, const int32_t* values,
                    const WeightScales& scales) {
  __m512i dots[Q][4];
  TP_UNROLL(6)
  for (int a = 0; a < Q; a++) dots[a][0] = dots[a][1] = dots[a][2] = dots[a][3] = _mm512_setzero_si512();
  const int32_t* pairs = t->pairs + m * t->half;
  const int64_t half = t->half;
  for (int64_t i = 0; i < half; i++) {
    __m512i key[4];
    TP_UNROLL(4)
    for (int c = 0; c < 4; c++) key[c] = _mm512_loadu_si512(keys + i * kRows + 16 * c);
    TP_UNROLL(6)
    for (int a = 0; a < Q; a++) {
      const __m512i q = _mm512_set1_epi32(pairs[a * half + i]);
      TP_UNROLL(4)
      for (int c = 0; c < 4; c++) tp_dot_s16(&dots[a][c], key[c], q);
    }
  }
  alignas(64) int32_t weights[Q][32];
  float alpha[Q], beta[Q];
  TP_UNROLL(6)
  for (int a = 0; a < Q; a++) weigh(t, m + a, dots[a], key_scales, scales, weights[a], alpha + a, beta + a);
  for (int64_t column = 0; column < t->width; column += 64) {
    __m512i sum[Q][4];
    TP_UNROLL(6)
    for (int a = 0; a < Q; a++) sum[a][0] = sum[a][1] = sum[a][2] = sum[a][3] = _mm512_setzero_si512();
    const int32_t* v = values + column;
    for (int e = 0; e < 32; e++, v += t->width) {
      __m512i value[4];
      TP_UNROLL(4)
      for (int c = 0; c < 4; c++) value[c] = _mm512_loadu_si512(v + 16 * c);
      TP_UNROLL(6)
      for (int a = 0; a < Q; a++) {
        const __m512i w = _mm512_set1_epi32(weights[a][e]);
        TP_UNROLL(4)
        for (int c = 0; c < 4; c++) tp_dot_s16(&sum[a][c], value[c], w);
      }
    }
    TP_UNROLL(6)
    for (int a = 0; a < Q; a++) {
      float* acc = t->acc + (m + a) * t->width + column;
      const __m512 before = _mm512_set1_ps(alpha[a]), own = _mm512_set1_ps(beta[a]);
      TP_UNROLL(4)
      for (int c = 0; c < 4; c++)
        _mm512_storeu_ps(acc + 16 * c, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[a][c]), own, _mm512_mul_ps(before, _mm512_loadu_ps(acc + 16 * c))));
    }
  }
}

void attend(const tp_mla_queries* t, const int32_t* keys, const float* key_scales, const int32_t* values, const float* value_scales) {
  const WeightScales whole = weight_scales(value_scales, kRows);
  int64_t m = 0;
  while (m < t->count) {
    int same = 0;
    while (same < 6 && m + same < t->count && t->limits[m + same] == kRows) same++;
    if (same == 6) {
      attend_queries<6>(t, m, keys, key_scales, values, whole);
      m += 6;
    } else if (same > 0) {
      attend_queries<1>(t, m, keys, key_scales, values, whole);
      m++;
    } else {
      if (t->limits[m] > 0) attend_queries<1>(t, m, keys, key_scales, values, weight_scales(value_scales, t->limits[m]));
      m++;
    }
  }
}

}  // namespace

extern "C" {
extern const tp_mla_unit tp_mla_avx512;
const tp_mla_unit tp_mla_avx512 = {prepare_group, quantise, take_q8_0, project, pair_row, turn, pair_values, attend};
}
