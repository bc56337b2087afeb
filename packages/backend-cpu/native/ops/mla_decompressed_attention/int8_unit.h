// Decompressed latent attention in integers, one head and one tile of 64 cache rows at a time.
//
// Keys and values are made by eight-bit products, as matrix products with block weights are; where it's worth it, latent rows are the sum of
// two eight-bit roundings. Then a key row is rounded to 13 bits and a
// query to 12 bits of its largest value (fewer for very wide heads, so that sums stay below 2³¹), and scores are exact sums of those.
// A value row is rounded to 12 bits; its scale goes into the row's weight, which is rounded to 14 bits of the largest in the tile that
// the query sees: sums of weight · value are exact as well.
#pragma once

#include <stdint.h>

typedef struct tp_mla_queries {
  int64_t count, half;      // half: pairs of a query or key, a multiple of 16; value i stands with value half + i
  const int32_t* pairs;     // [count][half]
  const float* scales;      // [count]
  const int32_t* limits;    // rows of the tile that a query sees; queries that see all stand together
  float *max, *sum, *acc;   // state; acc [count][width]
  int64_t width;            // of values, a multiple of 64
} tp_mla_queries;

typedef struct tp_mla_unit {
  // A group of 16 weight rows in layout x16 (q8_0 or iq4_nl) to blocks of 512 biased codes and of 16 f32 scales.
  void (*prepare_group)(int iq4_nl, const uint8_t* group, int64_t blocks, uint8_t* codes, float* scales);
  // 64 rows: see tp_quantise_row.
  void (*quantise)(const float* x, int64_t n, int64_t row, int8_t* codes, float* scales, int32_t* starts, float* rest);
  // The same from n values that are stored as q8_0 already.
  void (*take_q8_0)(const uint8_t* from, int64_t n, int64_t row, int8_t* codes, float* scales, int32_t* starts);
  // out[row][16 · group + i] for 64 rows and `groups` groups; `passes` (1 or 2) sets of codes, scales and starts are added.
  void (*project)(const uint8_t* weights, const float* weight_scales, int64_t groups, int64_t blocks, int passes, const int8_t* codes,
                  const float* scales, const int32_t* starts, float* out, int64_t out_stride);
  // x [2 · half] → pairs with |code| ≤ most; returns the size of one unit.
  float (*pair_row)(const float* x, int64_t half, float most, int32_t* pairs);
  // 64 rows of pairs [64][half] → [half][64].
  void (*turn)(const int32_t* rows, int64_t half, int32_t* turned);
  // Two value rows r and r + 32, [width] each → pairs; the unit sizes of both.
  void (*pair_values)(const float* low, const float* high, int64_t width, int32_t* pairs, float* low_scale, float* high_scale);
  // keys [half][64] with scales [64] (the attention's scale included); values [32][width] with scales [64].
  void (*attend)(const tp_mla_queries* queries, const int32_t* keys, const float* key_scales, const int32_t* values,
                 const float* value_scales);
} tp_mla_unit;

#define TP_MLA_KEY_MOST 4095
#define TP_MLA_QUERY_MOST 2047
#define TP_MLA_VALUE_MOST 2047
#define TP_MLA_WEIGHT_MOST 16383
