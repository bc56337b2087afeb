// Latent attention over one tile of a q8_0 cache in integers.
//
// Scores: the query is rounded to eight bits in blocks of 32, as weights' activations are; every block's dot product is exact, and blocks
// are added in f32, ascending. A `fine` query is the sum of two such: what the first rounding took away is rounded in turn. Values: within a tile, weight p_j · d_j of row j (p from the softmax over the tile's own maximum, d_j the
// scale of row j's block) is rounded to 15 bits of the largest d that the query sees; sums of weight · code are exact.
#pragma once

#include <stdint.h>

typedef struct tp_latent_q8_tile {
  const uint8_t* rows;  // a page of 64 cache rows: `blocks` q8_0 blocks each, `stride` bytes apart; unused rows may hold anything
  int64_t stride;
  int32_t count;       // rows that some query sees
  int64_t blocks;      // of a row
  int64_t value_block, value_blocks;  // those that hold the values
  int fine;               // 0, 1
  const int8_t* codes;    // of the queries [1 + fine][blocks][queries][32]
  const float* scales;    // [1 + fine][blocks][queries]
  const int32_t* starts;  // −128 · Σ codes [1 + fine][blocks][queries]
  int64_t queries;
  const int32_t* limits;  // rows that a query sees; queries with the same limit should stand together
  float scale;
  float *max, *sum, *acc;  // as in flash_unit.h; acc [queries][32 · value_blocks]
  // Scratch, 64-byte aligned.
  float* p;              // [queries][64]
  float* factors;        // [queries][2]
  uint8_t* keys;         // [blocks][512]
  uint16_t* half_scales; // [blocks][64]
  float* row_scales;     // [blocks][64]
  int16_t* weights;      // [queries][64]
  int16_t* values;       // [32][64]: pairs of rows
} tp_latent_q8_tile;

typedef struct tp_latent_q8_unit {
  // Query number `query` of `queries`: n values (whole blocks) to its codes, scales and starts. See tp_quantise_row.
  void (*quantise)(const float* q, int64_t n, int64_t query, int64_t queries, int8_t* codes, float* scales, int32_t* starts,
                   float* rest);
  void (*tile)(const tp_latent_q8_tile* tile);
} tp_latent_q8_unit;
