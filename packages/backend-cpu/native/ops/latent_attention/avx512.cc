#include <math.h>

#include "latent_q8_unit.h"
#include "ops/attention/integer_dots.h"

namespace {

constexpr int kRows = 64;         // of a tile
constexpr int kBlockBytes = 34;   // of q8_0

void quantise(const float* q, int64_t n, int64_t query, int64_t queries, int8_t* codes, float* scales, int32_t* starts,
              float* rest) {
  tp_quantise_row(q, n, query, queries, codes, scales, starts, rest);
}

// Codes of 16 rows, biased to unsigned: keys[block][g] holds 4 codes (4g …) of each row.
void turn_keys(const tp_latent_q8_tile* t, int first) {
  const __m512i bias = _mm512_set1_epi8((char)0x80);
  const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
  const uint8_t* row[16];
  for (int r = 0; r < 16; r++) row[r] = t->rows + (first + r) * t->stride + 2;
  for (int64_t b = 0; b < t->blocks; b++) {
    __m512i x[8], y[8];
    TP_UNROLL(8)
    for (int r = 0; r < 8; r++)
      x[r] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i*)(row[r] + b * kBlockBytes))),
                                _mm256_loadu_si256((const __m256i*)(row[r + 8] + b * kBlockBytes)), 1);
    TP_UNROLL(4)
    for (int r = 0; r < 8; r += 2) {
      y[r] = _mm512_unpacklo_epi32(x[r], x[r + 1]);
      y[r + 1] = _mm512_unpackhi_epi32(x[r], x[r + 1]);
    }
    // z[0…3]: dword g of rows 0–3 and 8–11, and g + 4; z[4…7] the same for rows 4–7 and 12–15.
    __m512i z[8];
    TP_UNROLL(2)
    for (int h = 0; h < 8; h += 4) {
      z[h] = _mm512_unpacklo_epi64(y[h], y[h + 2]);
      z[h + 1] = _mm512_unpackhi_epi64(y[h], y[h + 2]);
      z[h + 2] = _mm512_unpacklo_epi64(y[h + 1], y[h + 3]);
      z[h + 3] = _mm512_unpackhi_epi64(y[h + 1], y[h + 3]);
    }
    __m512i* to = (__m512i*)(t->keys + b * 512);
    TP_UNROLL(4)
    for (int g = 0; g < 4; g++) {
      _mm512_store_si512(to + g, _mm512_xor_si512(bias, _mm512_permutex2var_epi64(z[g], low, z[g + 4])));
      _mm512_store_si512(to + g + 4, _mm512_xor_si512(bias, _mm512_permutex2var_epi64(z[g], high, z[g + 4])));
    }
  }
}

// Scores of Q queries and the 16 rows in `keys`.
template <int Q>
void score_queries(const tp_latent_q8_tile* t, int64_t m, int first) {
  __m512 sum[Q];
  TP_UNROLL(16)
  for (int a = 0; a < Q; a++) sum[a] = _mm512_setzero_ps();
  for (int i = 0; i <= t->fine; i++) {
    const int64_t at = i * t->blocks * t->queries + m;
    tp_dot_rows<Q>(t->keys, t->row_scales + first, kRows, t->blocks, t->codes + 32 * at, t->scales + at, t->starts + at, t->queries, sum);
  }
  const __m512 scale = _mm512_set1_ps(t->scale);
  TP_UNROLL(16)
  for (int a = 0; a < Q; a++) _mm512_storeu_ps(t->p + (m + a) * kRows + first, _mm512_mul_ps(sum[a], scale));
}

// The scales of all blocks, turned; zeros for rows that nobody sees.
void load_scales(const tp_latent_q8_tile* t) {
  for (int r = 0; r < t->count; r++) {
    const uint8_t* from = t->rows + r * t->stride;
    uint16_t* to = t->half_scales + r;
    int64_t b = t->blocks;
    for (; b >= 6; b -= 6, from += 6 * kBlockBytes, to += 6 * kRows) {
      TP_UNROLL(6)
      for (int i = 0; i < 6; i++) memcpy(to + i * kRows, from + i * kBlockBytes, 2);
    }
    for (; b > 0; b--, from += kBlockBytes, to += kRows) memcpy(to, from, 2);
  }
  for (int r = 0; r < kRows; r += 16) {
    const int left = t->count - r;
    const __mmask16 mask = tp_first_lanes(left);
    for (int64_t b = 0; b < t->blocks; b++)
      _mm512_store_ps(t->row_scales + b * kRows + r,
                      _mm512_maskz_cvtph_ps(mask, _mm256_load_si256((const __m256i*)(t->half_scales + b * kRows + r))));
  }
}

void scores(const tp_latent_q8_tile* t) {
  for (int first = 0; first < t->count; first += 16) {
    turn_keys(t, first);
    int64_t m = 0;
    for (; m + 16 <= t->queries; m += 16) score_queries<16>(t, m, first);
    for (; m + 4 <= t->queries; m += 4) score_queries<4>(t, m, first);
    for (; m < t->queries; m++) score_queries<1>(t, m, first);
  }
}

// Scores to weights within the tile; `factors` get what the sums so far and the tile's sums are multiplied by.
void weigh(const tp_latent_q8_tile* t, int64_t m) {
  float* p = t->p + m * kRows;
  const int32_t limit = t->limits[m];
  if (limit <= 0) {
    memset(p, 0, sizeof(float) * kRows);
    t->factors[2 * m] = 1;
    t->factors[2 * m + 1] = 0;
    return;
  }
  __m512 x[4];
  for (int i = 0; i < 4; i++) {
    const int left = limit - 16 * i;
    const __mmask16 mask = tp_first_lanes(left);
    x[i] = _mm512_mask_loadu_ps(_mm512_set1_ps(-INFINITY), mask, p + 16 * i);
  }
  const float top = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(x[0], x[1]), _mm512_max_ps(x[2], x[3])));
  const __m512 shift = _mm512_set1_ps(top);
  for (int i = 0; i < 4; i++) {
    x[i] = tp_avx512_exp(_mm512_sub_ps(x[i], shift));
    _mm512_storeu_ps(p + 16 * i, x[i]);
  }
  const float total = vf_sum(_mm512_add_ps(_mm512_add_ps(x[0], x[1]), _mm512_add_ps(x[2], x[3])));
  const float before = t->max[m], now = top > before ? top : before;
  const __m128 both = _mm512_castps512_ps128(tp_avx512_exp(_mm512_castps128_ps512(_mm_setr_ps(before - now, top - now, 0, 0))));
  const float alpha = _mm_cvtss_f32(both), beta = _mm_cvtss_f32(_mm_movehdup_ps(both));
  t->factors[2 * m] = alpha;
  t->factors[2 * m + 1] = beta;
  t->max[m] = now;
  t->sum[m] = t->sum[m] * alpha + total * beta;
}

// Codes of one block of all rows as 16-bit pairs: vectors 2e and 2e + 1 hold columns 0–15 and 16–31 of the e-th pair of rows, pairs in the
// order in which `weights` come out of packing. Codes of rows that nobody sees don't matter: their weights are 0.
void turn_values(const tp_latent_q8_tile* t, int64_t b) {
  const uint8_t* base = t->rows + b * kBlockBytes + 2;
  const int64_t stride = t->stride;
  int16_t* to = t->values;
  for (int half = 0; half < 2; half++) {
    for (int quad = 0; quad < 4; quad++, to += 256) {
      TP_UNROLL(4)
      for (int k = 0; k < 4; k++) {
        const uint8_t* from = base + (32 * half + 16 * (k >> 1) + 4 * quad + 2 * (k & 1)) * stride;
        const __m256i x = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i*)from), 0xd8);
        const __m256i y = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i*)(from + stride)), 0xd8);
        _mm512_store_si512(to + 64 * k, _mm512_cvtepi8_epi16(_mm256_unpacklo_epi8(x, y)));
        _mm512_store_si512(to + 64 * k + 32, _mm512_cvtepi8_epi16(_mm256_unpackhi_epi8(x, y)));
      }
    }
  }
}

// Weights of all queries for block b; returns nothing but leaves in steps[] the size of one unit. Queries of equal limit share the scales.
void block_weights(const tp_latent_q8_tile* t, int64_t b, float* steps) {
  const float* scales = t->row_scales + b * kRows;
  __m512 d[4];
  int32_t known = -1;
  float step = 0;
  for (int64_t m = 0; m < t->queries; m++) {
    if (t->limits[m] != known) {
      known = t->limits[m];
      __m512 top = _mm512_setzero_ps();
      for (int i = 0; i < 4; i++) {
        const int left = known - 16 * i;
        const __mmask16 mask = tp_first_lanes(left);
        d[i] = _mm512_maskz_loadu_ps(mask, scales + 16 * i);
        top = _mm512_max_ps(top, _mm512_abs_ps(d[i]));
      }
      const float largest = _mm512_reduce_max_ps(top);
      step = largest / 32767.0f;
      const __m512 inverse = _mm512_set1_ps(largest > 0 ? 32767.0f / largest : 0);
      for (int i = 0; i < 4; i++) d[i] = _mm512_mul_ps(d[i], inverse);
    }
    steps[m] = step;
    const float* p = t->p + m * kRows;
    __m512i w[4];
    TP_UNROLL(4)
    for (int i = 0; i < 4; i++) w[i] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(p + 16 * i), d[i]));
    _mm512_store_si512(t->weights + m * kRows, _mm512_packs_epi32(w[0], w[1]));
    _mm512_store_si512(t->weights + m * kRows + 32, _mm512_packs_epi32(w[2], w[3]));
  }
}

template <int Q>
void value_queries(const tp_latent_q8_tile* t, int64_t m, int64_t column, const float* steps) {
  __m512i sum[Q][2];
  TP_UNROLL(8)
  for (int a = 0; a < Q; a++) sum[a][0] = sum[a][1] = _mm512_setzero_si512();
  const int32_t* weights = (const int32_t*)(t->weights + m * kRows);
  const int16_t* values = t->values;
  for (int e = 0; e < 32; e++) {
    const __m512i low = _mm512_load_si512(values + e * 64), high = _mm512_load_si512(values + e * 64 + 32);
    TP_UNROLL(8)
    for (int a = 0; a < Q; a++) {
      const __m512i w = _mm512_set1_epi32(weights[a * kRows / 2 + e]);
      tp_dot_s16(&sum[a][0], low, w);
      tp_dot_s16(&sum[a][1], high, w);
    }
  }
  TP_UNROLL(8)
  for (int a = 0; a < Q; a++) {
    float* acc = t->acc + (m + a) * 32 * t->value_blocks + column;
    const __m512 alpha = _mm512_set1_ps(t->factors[2 * (m + a)]), beta = _mm512_set1_ps(t->factors[2 * (m + a) + 1] * steps[m + a]);
    for (int i = 0; i < 2; i++)
      _mm512_storeu_ps(acc + 16 * i, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[a][i]), beta, _mm512_mul_ps(alpha, _mm512_loadu_ps(acc + 16 * i))));
  }
}

constexpr int64_t kStepQueries = 128;  // queries whose weights are made at once: their steps stand on the stack

void values(const tp_latent_q8_tile* whole) {
  float steps[kStepQueries];
  for (int64_t from = 0; from < whole->queries; from += kStepQueries) {
    tp_latent_q8_tile part = *whole;
    part.queries = whole->queries - from < kStepQueries ? whole->queries - from : kStepQueries;
    part.limits += from;
    part.p += from * kRows;
    part.factors += 2 * from;
    part.acc += from * 32 * part.value_blocks;
    for (int64_t b = 0; b < part.value_blocks; b++) {
      turn_values(&part, part.value_block + b);
      block_weights(&part, part.value_block + b, steps);
      int64_t m = 0;
      for (; m + 8 <= part.queries; m += 8) value_queries<8>(&part, m, 32 * b, steps);
      for (; m + 4 <= part.queries; m += 4) value_queries<4>(&part, m, 32 * b, steps);
      for (; m < part.queries; m++) value_queries<1>(&part, m, 32 * b, steps);
    }
  }
}

void tile(const tp_latent_q8_tile* t) {
  load_scales(t);
  scores(t);
  for (int64_t m = 0; m < t->queries; m++) weigh(t, m);
  values(t);
}

}  // namespace

extern "C" {
extern const tp_latent_q8_unit tp_latent_q8_avx512;
const tp_latent_q8_unit tp_latent_q8_avx512 = {quantise, tile};
}
