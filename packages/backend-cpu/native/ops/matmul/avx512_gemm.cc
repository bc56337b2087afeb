// AVX-512 VNNI inner kernels; see gemm_isa.h for what they compute.
//
// Block types: a tile is up to 6 rows × 2 groups (32 columns): 12 integer and 12 float accumulators, two weight vectors and one broadcast
// of four activations fill the 32 registers. A weight vector holds 16 columns × 4 k; vpdpbusd multiplies it by four activations of a row.
// Few rows: codes are decoded in registers as they stream from memory. Many rows: two groups at a time are decoded into scratch, and
// while tiles of rows pass over them the next two are fetched.
#include <immintrin.h>

#include "ops/matmul/gemm_isa.h"
#include "simd/avx512_math.h"

namespace {

constexpr int kRows = 6;  // rows of a tile
constexpr int64_t kAhead = 3072;  // bytes that few-row kernels prefetch ahead
constexpr int64_t kDecodeRows = 13;  // from this many rows on, weights of block types are decoded once and used for all rows

inline __m512 load_half16(const uint8_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline __m512i load512(const uint8_t* p) { return _mm512_loadu_si512(p); }

// ---- Block formats. vector(p, g): the u8 weights of k-group g; `Pair` formats make g and g+4 from one load. ----

struct Q8Direct {
  static constexpr int64_t kBytes = 544;
  static constexpr bool kPrefetch = true;
  static inline __m512 scales(const uint8_t* p) { return load_half16(p); }
  template <int kGroup>
  static inline __m512i vector(const uint8_t* p) {
    return load512(p + 32 + 64 * kGroup);
  }
};

struct Iq4Direct {
  static constexpr int64_t kBytes = 288;
  static constexpr bool kPrefetch = true;
  static inline __m512 scales(const uint8_t* p) { return load_half16(p); }
  template <int kGroup>
  static inline __m512i vector(const uint8_t* p) {
    // The format's sixteen levels + 128.
    const __m512i levels =
        _mm512_broadcast_i32x4(_mm_setr_epi8(1, 24, 45, 63, 79, 93, 106, 118, -127, -115, -103, -90, -75, -59, -39, -15));
    __m512i codes = load512(p + 32 + 64 * (kGroup % 4));
    if (kGroup >= 4) codes = _mm512_srli_epi16(codes, 4);
    return _mm512_shuffle_epi8(levels, _mm512_and_si512(codes, _mm512_set1_epi8(15)));
  }
};

struct Decoded {
  static constexpr int64_t kBytes = 576;
  static constexpr bool kPrefetch = false;
  static inline __m512 scales(const uint8_t* p) { return _mm512_load_ps(reinterpret_cast<const float*>(p)); }
  template <int kGroup>
  static inline __m512i vector(const uint8_t* p) {
    return _mm512_load_si512(p + 64 + 64 * kGroup);
  }
};

template <class Format, int kGroup>
inline void decode_vector(const uint8_t* from, uint8_t* to) {
  _mm512_store_si512(to + 64 + 64 * kGroup, Format::template vector<kGroup>(from));
}

// One group of `blocks` blocks to the Decoded form.
template <class Format>
void decode_group(const uint8_t* from, int64_t blocks, uint8_t* to) {
  for (int64_t b = 0; b < blocks; b++) {
    _mm512_store_ps(to, Format::scales(from));
    decode_vector<Format, 0>(from, to);
    decode_vector<Format, 4>(from, to);
    decode_vector<Format, 1>(from, to);
    decode_vector<Format, 5>(from, to);
    decode_vector<Format, 2>(from, to);
    decode_vector<Format, 6>(from, to);
    decode_vector<Format, 3>(from, to);
    decode_vector<Format, 7>(from, to);
    _mm_prefetch(from + kAhead, _MM_HINT_T0);
    _mm_prefetch(from + kAhead + 64, _MM_HINT_T0);
    _mm_prefetch(from + kAhead + 128, _MM_HINT_T0);
    _mm_prefetch(from + kAhead + 192, _MM_HINT_T0);
    from += Format::kBytes;
    to += Decoded::kBytes;
  }
}

// Where a tile's columns go, and what it fetches for later.
struct Store {
  __mmask16 mask[2];
  // Decoded: memory to bring into the L2 cache meanwhile, a line of each for each block.
  const uint8_t* ahead[2];
};

template <class Format, int kGroup, int G, int R>
inline __attribute__((always_inline)) void step(const uint8_t* const* w, const tp_act_block* const* x, int64_t b, __m512i (&sum)[R][G]) {
  __m512i v[G];
#pragma GCC unroll 2
  for (int g = 0; g < G; g++) v[g] = Format::template vector<kGroup>(w[g]);
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) {
    int32_t four;
    __builtin_memcpy(&four, x[r][b].codes + 4 * kGroup, 4);
    const __m512i a = _mm512_set1_epi32(four);
#pragma GCC unroll 2
    for (int g = 0; g < G; g++) sum[r][g] = _mm512_dpbusd_epi32(sum[r][g], v[g], a);
  }
}

// R rows × G groups over all of k. Fused: group 0 is gate, group 1 is up.
template <class Format, int G, int R, bool Fused>
void tile(const uint8_t* const* weights, const void* const* rows, int64_t blocks, float* const* out, int64_t column, const Store& store) {
  const uint8_t* w[G];
  const tp_act_block* x[R];
  __m512 acc[R][G];
#pragma GCC unroll 2
  for (int g = 0; g < G; g++) w[g] = weights[g];
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) {
    x[r] = static_cast<const tp_act_block*>(rows[r]);
#pragma GCC unroll 2
    for (int g = 0; g < G; g++) acc[r][g] = _mm512_setzero_ps();
  }
  for (int64_t b = 0; b < blocks; b++) {
    if (Format::kPrefetch) {
#pragma GCC unroll 2
      for (int g = 0; g < G; g++) {
#pragma GCC unroll 9
        for (int64_t i = 0; i < Format::kBytes; i += 64) _mm_prefetch(w[g] + kAhead + i, _MM_HINT_T0);
      }
    } else {
      _mm_prefetch(store.ahead[0] + 64 * b, _MM_HINT_T1);
      _mm_prefetch(store.ahead[1] + 64 * b, _MM_HINT_T1);
    }
    __m512i sum[R][G];
#pragma GCC unroll 12
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
      for (int g = 0; g < G; g++) sum[r][g] = _mm512_set1_epi32(x[r][b].bias);
    }
    step<Format, 0, G, R>(w, x, b, sum);
    step<Format, 4, G, R>(w, x, b, sum);
    step<Format, 1, G, R>(w, x, b, sum);
    step<Format, 5, G, R>(w, x, b, sum);
    step<Format, 2, G, R>(w, x, b, sum);
    step<Format, 6, G, R>(w, x, b, sum);
    step<Format, 3, G, R>(w, x, b, sum);
    step<Format, 7, G, R>(w, x, b, sum);
    __m512 scale[G];
#pragma GCC unroll 2
    for (int g = 0; g < G; g++) scale[g] = Format::scales(w[g]);
#pragma GCC unroll 12
    for (int r = 0; r < R; r++) {
      const __m512 dx = _mm512_set1_ps(x[r][b].scale);
#pragma GCC unroll 2
      for (int g = 0; g < G; g++)
        acc[r][g] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][g]), _mm512_mul_ps(scale[g], dx), acc[r][g]);
    }
#pragma GCC unroll 2
    for (int g = 0; g < G; g++) w[g] += Format::kBytes;
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) {
    if (Fused) {
      _mm512_mask_storeu_ps(out[r] + column, store.mask[0], _mm512_mul_ps(tp_avx512_silu(acc[r][0]), acc[r][G - 1]));
    } else {
#pragma GCC unroll 2
      for (int g = 0; g < G; g++) _mm512_mask_storeu_ps(out[r] + column + 16 * g, store.mask[g], acc[r][g]);
    }
  }
}

using Tile = void (*)(const uint8_t* const*, const void* const*, int64_t, float* const*, int64_t, const Store&);

template <class Format, int G, bool Fused>
constexpr Tile kTiles[kRows] = {tile<Format, G, 1, Fused>, tile<Format, G, 2, Fused>, tile<Format, G, 3, Fused>,
                                tile<Format, G, 4, Fused>, tile<Format, G, 5, Fused>, tile<Format, G, 6, Fused>};
// One group and 7 … 12 rows: weights that come straight from memory are decoded once for all.
template <class Format>
constexpr Tile kTallTiles[kRows] = {tile<Format, 1, 7, false>,  tile<Format, 1, 8, false>,  tile<Format, 1, 9, false>,
                                    tile<Format, 1, 10, false>, tile<Format, 1, 11, false>, tile<Format, 1, 12, false>};

inline __mmask16 mask_of(int64_t columns, int64_t group) {
  const int64_t left = columns - 16 * group;
  return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1);
}

// Calls f(tile, first, count) for tiles of at most kRows rows whose sizes differ by at most one.
template <class F>
inline void for_tiles(int64_t rows, F f) {
  const int64_t tiles = (rows + kRows - 1) / kRows;
  int64_t first = 0;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t next = rows * (t + 1) / tiles;
    f(t, first, next - first);
    first = next;
  }
}

// Few rows: straight from memory.
template <class Format>
void gemm_direct(const tp_gemm* p) {
  const int64_t blocks = p->k / 32;
  if (p->rows > kRows) {
    for (int64_t g = 0; g < p->groups; g++) {
      const uint8_t* const one[1] = {p->w + g * p->group_bytes};
      kTallTiles<Format>[p->rows - kRows - 1](one, p->x, blocks, p->out, 16 * g, {{mask_of(p->columns, g), 0}, {}});
    }
    return;
  }
  int64_t g = 0;
  for (; g + 2 <= p->groups; g += 2) {
    const uint8_t* const pair[2] = {p->w + g * p->group_bytes, p->w + (g + 1) * p->group_bytes};
    kTiles<Format, 2, false>[p->rows - 1](pair, p->x, blocks, p->out, 16 * g,
                                          {{mask_of(p->columns, g), mask_of(p->columns, g + 1)}, {}});
  }
  if (g < p->groups) {
    const uint8_t* const one[1] = {p->w + g * p->group_bytes};
    kTiles<Format, 1, false>[p->rows - 1](one, p->x, blocks, p->out, 16 * g, {{mask_of(p->columns, g), 0}, {}});
  }
}

// Two groups against all rows: both are decoded, then tiles of rows pass over them and fetch the next two (`next`) meanwhile.
template <class Format, bool Fused>
inline void pair_of_groups(const tp_gemm* p, const uint8_t* const (&from)[2], const uint8_t* const (&next)[2], int64_t column,
                           __mmask16 first_mask, __mmask16 second_mask) {
  const int64_t blocks = p->k / 32;
  uint8_t* const to[2] = {p->scratch, p->scratch + blocks * Decoded::kBytes};
  decode_group<Format>(from[0], blocks, to[0]);
  decode_group<Format>(from[1], blocks, to[1]);
  for_tiles(p->rows, [&](int64_t t, int64_t first, int64_t count) {
    const int64_t offset = t * blocks * 64;
    const bool more = offset < p->group_bytes;
    const Store store = {{first_mask, second_mask}, {more ? next[0] + offset : to[0], more ? next[1] + offset : to[0]}};
    kTiles<Decoded, 2, Fused>[count - 1](to, p->x + first, blocks, p->out + first, column, store);
  });
}

template <class Format>
void gemm_block(const tp_gemm* p) {
  if (p->rows < kDecodeRows) return gemm_direct<Format>(p);
  const int64_t blocks = p->k / 32;
  int64_t g = 0;
  for (; g + 2 <= p->groups; g += 2) {
    const uint8_t* const w = p->w + g * p->group_bytes;
    pair_of_groups<Format, false>(p, {w, w + p->group_bytes}, {w + 2 * p->group_bytes, w + 3 * p->group_bytes}, 16 * g,
                                  mask_of(p->columns, g), mask_of(p->columns, g + 1));
  }
  if (g == p->groups) return;
  decode_group<Format>(p->w + g * p->group_bytes, blocks, p->scratch);
  const Store store = {{mask_of(p->columns, g), 0}, {p->scratch, p->scratch}};
  for_tiles(p->rows, [&](int64_t, int64_t first, int64_t count) {
    kTiles<Decoded, 1, false>[count - 1](&p->scratch, p->x + first, blocks, p->out + first, 16 * g, store);
  });
}

template <class Format>
void gate_up_block(const tp_gemm* p) {
  for (int64_t g = 0; g < p->groups; g++) {
    const uint8_t* const pair[2] = {p->w + g * p->group_bytes, p->w2 + g * p->group_bytes};
    const __mmask16 mask = mask_of(p->columns, g);
    if (p->rows >= kDecodeRows) {
      pair_of_groups<Format, true>(p, pair, {pair[0] + p->group_bytes, pair[1] + p->group_bytes}, 16 * g, mask, 0);
      continue;
    }
    for_tiles(p->rows, [&](int64_t, int64_t first, int64_t count) {
      kTiles<Format, 2, true>[count - 1](pair, p->x + first, p->k / 32, p->out + first, 16 * g, {{mask, 0}, {}});
    });
  }
}

// ---- f32, f16, bf16 ----

struct F32 {
  static constexpr int64_t kBytes = 64;
  static inline __m512 load(const uint8_t* p) { return _mm512_loadu_ps(p); }
};
struct F16 {
  static constexpr int64_t kBytes = 32;
  static inline __m512 load(const uint8_t* p) { return load_half16(p); }
};
struct Bf16 {
  static constexpr int64_t kBytes = 32;
  static inline __m512 load(const uint8_t* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
};

template <class Format, int R>
inline __attribute__((always_inline)) void float_products(const uint8_t* w, const void* const* rows, int64_t k, __m512 (&total)[R]) {
  const float* x[R];
  __m512 acc[R][4];
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) {
    x[r] = static_cast<const float*>(rows[r]);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) acc[r][j] = _mm512_setzero_ps();
  }
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    _mm_prefetch(w + kAhead, _MM_HINT_T0);
    _mm_prefetch(w + kAhead + 64, _MM_HINT_T0);
    if (Format::kBytes == 64) {
      _mm_prefetch(w + kAhead + 128, _MM_HINT_T0);
      _mm_prefetch(w + kAhead + 192, _MM_HINT_T0);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const __m512 v = Format::load(w + j * Format::kBytes);
#pragma GCC unroll 12
      for (int r = 0; r < R; r++) acc[r][j] = _mm512_fmadd_ps(v, _mm512_set1_ps(x[r][i + j]), acc[r][j]);
    }
    w += 4 * Format::kBytes;
  }
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    if (i + j < k) {
      const __m512 v = Format::load(w + j * Format::kBytes);
#pragma GCC unroll 12
      for (int r = 0; r < R; r++) acc[r][j] = _mm512_fmadd_ps(v, _mm512_set1_ps(x[r][i + j]), acc[r][j]);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) total[r] = _mm512_add_ps(_mm512_add_ps(acc[r][0], acc[r][1]), _mm512_add_ps(acc[r][2], acc[r][3]));
}

template <class Format, int R, bool Fused>
void float_tile(const uint8_t* w, const uint8_t* w2, const void* const* rows, int64_t k, float* const* out, int64_t column,
                __mmask16 mask) {
  __m512 a[R];
  float_products<Format, R>(w, rows, k, a);
  if (Fused) {
    __m512 b[R];
    float_products<Format, R>(w2, rows, k, b);
#pragma GCC unroll 12
    for (int r = 0; r < R; r++) a[r] = _mm512_mul_ps(tp_avx512_silu(a[r]), b[r]);
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; r++) _mm512_mask_storeu_ps(out[r] + column, mask, a[r]);
}

using FloatTile = void (*)(const uint8_t*, const uint8_t*, const void* const*, int64_t, float* const*, int64_t, __mmask16);

template <class Format, bool Fused>
constexpr FloatTile kFloatTiles[kRows] = {float_tile<Format, 1, Fused>, float_tile<Format, 2, Fused>, float_tile<Format, 3, Fused>,
                                          float_tile<Format, 4, Fused>, float_tile<Format, 5, Fused>, float_tile<Format, 6, Fused>};

template <class Format, bool Fused>
void gemm_float(const tp_gemm* p) {
  for_tiles(p->rows, [=](int64_t, int64_t first, int64_t count) {
    for (int64_t g = 0; g < p->groups; g++) {
      const uint8_t* w2 = Fused ? p->w2 + g * p->group_bytes : nullptr;
      kFloatTiles<Format, Fused>[count - 1](p->w + g * p->group_bytes, w2, p->x + first, p->k, p->out + first, 16 * g,
                                            mask_of(p->columns, g));
    }
  });
}

// ---- Activations ----

void quantize(const float* x, int64_t k, tp_act_block* out) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  for (int64_t b = 0; b < k / 32; b++) {
    const __m512 lo = _mm512_loadu_ps(x + 32 * b), hi = _mm512_loadu_ps(x + 32 * b + 16);
    // Magnitudes compare as integers, NaN above all.
    const int32_t bits = _mm512_reduce_max_epi32(_mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(lo), magnitude),
                                                                  _mm512_and_si512(_mm512_castps_si512(hi), magnitude)));
    float largest;
    __builtin_memcpy(&largest, &bits, 4);
    if (largest < TP_ACT_TINY) largest = 0;
    const __m512 inverse = _mm512_set1_ps(largest == 0 ? 0 : 127.0f / largest);
    const __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(lo, inverse)), c = _mm512_cvtps_epi32(_mm512_mul_ps(hi, inverse));
    out[b].scale = largest / 127.0f;
    // Unsigned: codes of NaNs overflow, and mean nothing.
    out[b].bias = static_cast<int32_t>(0u - 128u * static_cast<uint32_t>(_mm512_reduce_add_epi32(_mm512_add_epi32(a, c))));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[b].codes), _mm512_cvtepi32_epi8(a));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[b].codes + 16), _mm512_cvtepi32_epi8(c));
  }
}

void weighted_sum(const float* x, int64_t stride, const float* weights, int64_t used, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 mask = mask_of(n, i / 16);
    __m512 acc = _mm512_setzero_ps();
    for (int64_t u = 0; u < used; u++)
      acc = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, x + u * stride + i), _mm512_set1_ps(weights[u]), acc);
    _mm512_mask_storeu_ps(out + i, mask, acc);
  }
}

}  // namespace

extern "C" const tp_gemm_isa tp_gemm_avx512 = {
    Decoded::kBytes,
    quantize,
    {gemm_float<F32, false>, gemm_float<F16, false>, gemm_float<Bf16, false>, nullptr, gemm_block<Q8Direct>, gemm_block<Iq4Direct>},
    {gemm_float<F32, true>, gemm_float<F16, true>, gemm_float<Bf16, true>, nullptr, gate_up_block<Q8Direct>, gate_up_block<Iq4Direct>},
    weighted_sum,
};
