// The inner kernels of every product with a weight, one table for each instruction set. C types only: the units behind these tables are
// compiled with different flags and must share no inline function.
//
// Weights come in x16 form: rows in groups of 16, `k` along a group (see x16.h). Activations come as pointers to rows: for block-quantised
// weights rows that `quantize` wrote, otherwise f32 rows. Every (row, column) is computed in one order of operations whatever else is
// computed beside it, so its bits don't depend on the shape of a call; all instruction sets with fused multiply-add give the same bits.
//
// Block types: acc = fma(float(Σ code·(level)), dw · dx, acc) over 32-blocks in ascending order, the sums being exact integers.
// Other types: four accumulators by k mod 4, fma over ascending k, then (a0 + a1) + (a2 + a3).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TP_F32 = 0, TP_F16 = 1, TP_BF16 = 2, TP_Q8_0 = 4, TP_IQ4_NL = 5, TP_STORAGE_COUNT = 6 };

// A quantised 32-block of a row of activations.
typedef struct tp_act_block {
  float scale;    // largest magnitude / 127
  int32_t bias;   // -128 · Σ codes: turns products with biased (unsigned) weights into products with signed ones
  int8_t codes[32];
} tp_act_block;

// out[r][c] = x[r] · w[c] for `rows` rows and `columns` columns, the columns of `groups` consecutive groups.
typedef struct tp_gemm {
  const uint8_t* w;   // first group
  const uint8_t* w2;  // gate_up: first group of `up`; `w` is `gate`
  int64_t group_bytes;
  int64_t groups;
  int64_t columns;  // 16·(groups-1) < columns <= 16·groups
  int64_t k;
  const void* const* x;
  float* const* out;  // each row's first column of this call
  int64_t rows;
  uint8_t* scratch;  // 64-byte aligned; see scratch_block_bytes
} tp_gemm;

typedef struct tp_gemm_isa {
  // Scratch for each 32-block of a group of each matrix (block types; the others need none).
  int64_t scratch_block_bytes;
  void (*quantize)(const float* x, int64_t k, tp_act_block* out);
  // Indexed by element type; null where the type can't store weights.
  void (*gemm[TP_STORAGE_COUNT])(const tp_gemm*);
  // out = silu(x·gate) · (x·up)
  void (*gate_up[TP_STORAGE_COUNT])(const tp_gemm*);
  // out[i] = Σ_u weights[u] · x[u·stride + i], in order u.
  void (*weighted_sum)(const float* x, int64_t stride, const float* weights, int64_t used, int64_t n, float* out);
} tp_gemm_isa;

extern const tp_gemm_isa tp_gemm_generic;
#if defined(__x86_64__)
extern const tp_gemm_isa tp_gemm_avx2;
extern const tp_gemm_isa tp_gemm_avx2_vnni;
extern const tp_gemm_isa tp_gemm_avx512;
#endif

// Blocks whose largest magnitude is below this are taken as zero, so that 127 / largest is finite.
#define TP_ACT_TINY 1e-36f
// Blocks whose largest magnitude is below this are taken as zero, so that 127 / largest is finite.
#define TP_ACT_TINY 1e-36f

#ifdef __cplusplus
}
#endif
