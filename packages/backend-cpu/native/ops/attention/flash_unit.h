// Attention over one tile of 64 cache rows, held as f32: what the attention operations share, for each instruction set.
//
// A query's running state is (max, sum, acc): the largest score so far, Σ exp(score − max) and Σ exp(score − max) · value. Every function
// treats each query by itself and in a fixed order, so that its bits don't depend on the queries beside it.
#pragma once

#include <stdint.h>

#define TP_TILE_ROWS 64

// Values of tensorplan::DType.
#define TP_DTYPE_F32 0
#define TP_DTYPE_F16 1
#define TP_DTYPE_BF16 2
#define TP_DTYPE_Q8_0 4

typedef struct tp_flash_tile {
  const float* q;  // [queries][q_stride]; d values each, zeros up to a multiple of 16
  int64_t q_stride, queries;
  const float* k;  // [64][k_stride], padded alike; rows that no query sees may hold anything
  int64_t k_stride, d;
  const float* v;  // [64][v_stride]; dv is a multiple of 16
  int64_t v_stride, dv;
  const int32_t* limits;  // rows of the tile that a query sees: 0 … 64
  float scale;
  float* max;  // [queries], −inf at first
  float* sum;  // [queries], 0 at first
  float* acc;  // [queries][acc_stride], 0 at first
  int64_t acc_stride;
  float* p;  // scratch [queries][p_stride]
  int64_t p_stride;  // 64, or more for `scores`
} tp_flash_tile;

typedef struct tp_flash_unit {
  // `rows` cache rows of `n` values (whole blocks), `stride` bytes apart, to f32 rows padded with zeros to a multiple of 16.
  void (*load_rows)(int dtype, const uint8_t* from, int64_t stride, int64_t rows, int64_t n, float* to, int64_t to_stride);
  // Takes a tile into the state of all queries.
  void (*tile)(const tp_flash_tile* tile);
  // Takes the state of later rows into that of earlier ones; n is a multiple of 16.
  void (*fold)(float* max, float* sum, float* acc, float later_max, float later_sum, const float* later_acc, int64_t n);
  // out = acc / sum
  void (*finish)(const float* acc, float sum, float* out, int64_t n);
  // Scores alone: p[query][row] = scale · q·k for `rows` rows (1 … 64); up to 3 more are written.
  void (*scores)(const tp_flash_tile* tile, int64_t rows);
  // Values alone: acc += Σ_row p[query][row] · v[row], rows ascending.
  void (*values)(const tp_flash_tile* tile, int64_t rows);
} tp_flash_unit;
