// Inner kernels for 256-bit vectors; see gemm_isa.h for what they compute. Included by two units that define TP_GEMM_TABLE and `Dot`:
//   prepare(v)        weights of 8 columns × 4 k, once for all rows
//   add(sum, w, a)    sum += w · a, where a is four activations of a row, repeated
//   kBiased           whether it takes weights biased to u8 (sum then starts at the activations' bias) or signed ones
//   kWideRows         up to this many rows a tile covers all 16 columns of a group at once, else 8
// A group's vector of 64 bytes is two halves of 8 columns here. A tile is up to kRows rows × one or two halves.

namespace {

constexpr int kRows = Dot::kRows;
constexpr int64_t kAhead = 2048;     // bytes that few-row kernels prefetch ahead
constexpr int64_t kDecodeRows = 13;  // from this many rows on, weights of block types are decoded once and used for all rows

inline __m256i load256(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline __m256 load_half8(const uint8_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }

// ---- Block formats. vector(p, half): 8 columns × 4 k of k-group kGroup. ----

struct Q8Direct {
  static constexpr int64_t kBytes = 544;
  static constexpr bool kPrefetch = true;
  static inline __m256 scales(const uint8_t* p, int half) { return load_half8(p + 16 * half); }
  template <int kGroup>
  static inline __m256i vector(const uint8_t* p, int half) {
    const __m256i v = load256(p + 32 + 64 * kGroup + 32 * half);
    return Dot::kBiased ? v : _mm256_xor_si256(v, _mm256_set1_epi8(-128));
  }
};

struct Iq4Direct {
  static constexpr int64_t kBytes = 288;
  static constexpr bool kPrefetch = true;
  static inline __m256 scales(const uint8_t* p, int half) { return load_half8(p + 16 * half); }
  template <int kGroup>
  static inline __m256i vector(const uint8_t* p, int half) {
    const __m128i table = _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    const __m256i levels =
        _mm256_broadcastsi128_si256(Dot::kBiased ? _mm_xor_si128(table, _mm_set1_epi8(-128)) : table);
    __m256i codes = load256(p + 32 + 64 * (kGroup % 4) + 32 * half);
    if (kGroup >= 4) codes = _mm256_srli_epi16(codes, 4);
    return _mm256_shuffle_epi8(levels, _mm256_and_si256(codes, _mm256_set1_epi8(15)));
  }
};

struct Decoded {
  static constexpr int64_t kBytes = 576;
  static constexpr bool kPrefetch = false;
  static inline __m256 scales(const uint8_t* p, int half) { return _mm256_load_ps(reinterpret_cast<const float*>(p) + 8 * half); }
  template <int kGroup>
  static inline __m256i vector(const uint8_t* p, int half) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p + 64 + 64 * kGroup + 32 * half));
  }
};

template <class Format, int kGroup>
inline void decode_vector(const uint8_t* from, uint8_t* to) {
  for (int half = 0; half < 2; half++)
    _mm256_store_si256(reinterpret_cast<__m256i*>(to + 64 + 64 * kGroup + 32 * half), Format::template vector<kGroup>(from, half));
}

template <class Format>
void decode_group(const uint8_t* from, int64_t blocks, uint8_t* to) {
  for (int64_t b = 0; b < blocks; b++) {
    for (int half = 0; half < 2; half++) _mm256_store_ps(reinterpret_cast<float*>(to) + 8 * half, Format::scales(from, half));
    decode_vector<Format, 0>(from, to);
    decode_vector<Format, 1>(from, to);
    decode_vector<Format, 2>(from, to);
    decode_vector<Format, 3>(from, to);
    decode_vector<Format, 4>(from, to);
    decode_vector<Format, 5>(from, to);
    decode_vector<Format, 6>(from, to);
    decode_vector<Format, 7>(from, to);
    from += Format::kBytes;
    to += Decoded::kBytes;
  }
}

template <class Format, int kGroup, int H, int R>
inline __attribute__((always_inline)) void step(const uint8_t* w, int first, const tp_act_block* const* x, int64_t b,
                                                __m256i (&sum)[R][H]) {
#pragma GCC unroll 2
  for (int h = 0; h < H; h++) {
    const typename Dot::Weights v = Dot::prepare(Format::template vector<kGroup>(w, first + h));
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
      int32_t four;
      __builtin_memcpy(&four, x[r][b].codes + 4 * kGroup, 4);
      sum[r][h] = Dot::add(sum[r][h], v, _mm256_set1_epi32(four));
    }
  }
}

// R rows × halves first … first+H-1 over all of k, into out[r][8·half].
template <class Format, int H, int R>
inline __attribute__((always_inline)) void half_products(const uint8_t* w, int first, const void* const* rows, int64_t blocks,
                                                         float (*out)[16]) {
  const tp_act_block* x[R];
  __m256 acc[R][H];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    x[r] = static_cast<const tp_act_block*>(rows[r]);
#pragma GCC unroll 2
    for (int h = 0; h < H; h++) acc[r][h] = _mm256_setzero_ps();
  }
  for (int64_t b = 0; b < blocks; b++) {
    if (Format::kPrefetch) {
#pragma GCC unroll 9
      for (int64_t i = 0; i < Format::kBytes; i += 64) _mm_prefetch(w + kAhead + i, _MM_HINT_T0);
    }
    __m256i sum[R][H];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
      for (int h = 0; h < H; h++) sum[r][h] = Dot::kBiased ? _mm256_set1_epi32(x[r][b].bias) : _mm256_setzero_si256();
    }
    step<Format, 0, H, R>(w, first, x, b, sum);
    step<Format, 4, H, R>(w, first, x, b, sum);
    step<Format, 1, H, R>(w, first, x, b, sum);
    step<Format, 5, H, R>(w, first, x, b, sum);
    step<Format, 2, H, R>(w, first, x, b, sum);
    step<Format, 6, H, R>(w, first, x, b, sum);
    step<Format, 3, H, R>(w, first, x, b, sum);
    step<Format, 7, H, R>(w, first, x, b, sum);
#pragma GCC unroll 2
    for (int h = 0; h < H; h++) {
      const __m256 scale = Format::scales(w, first + h);
#pragma GCC unroll 4
      for (int r = 0; r < R; r++) {
        const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(x[r][b].scale));
        acc[r][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][h]), both, acc[r][h]);
      }
    }
    w += Format::kBytes;
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
    for (int h = 0; h < H; h++) _mm256_store_ps(out[r] + 8 * (first + h), acc[r][h]);
  }
}

template <class Format, int R>
void block_products(const uint8_t* w, const void* const* rows, int64_t blocks, float (*out)[16]) {
  if (R <= Dot::kWideRows) {
    half_products<Format, 2, R>(w, 0, rows, blocks, out);
  } else {
    half_products<Format, 1, R>(w, 0, rows, blocks, out);
    half_products<Format, 1, R>(w, 1, rows, blocks, out);
  }
}

// ---- f32, f16, bf16 ----

struct F32 {
  static constexpr int64_t kBytes = 64;
  static inline __m256 load(const uint8_t* p, int half) { return _mm256_loadu_ps(reinterpret_cast<const float*>(p) + 8 * half); }
};
struct F16 {
  static constexpr int64_t kBytes = 32;
  static inline __m256 load(const uint8_t* p, int half) { return load_half8(p + 16 * half); }
};
struct Bf16 {
  static constexpr int64_t kBytes = 32;
  static inline __m256 load(const uint8_t* p, int half) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * half)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
};

template <class Format, int H, int R>
inline __attribute__((always_inline)) void float_halves(const uint8_t* w, int first, const void* const* rows, int64_t k,
                                                        float (*out)[16]) {
  const float* x[R];
  __m256 acc[R][H][4];
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
    x[r] = static_cast<const float*>(rows[r]);
#pragma GCC unroll 2
    for (int h = 0; h < H; h++) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) acc[r][h][j] = _mm256_setzero_ps();
    }
  }
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    _mm_prefetch(w + kAhead, _MM_HINT_T0);
    _mm_prefetch(w + kAhead + 64, _MM_HINT_T0);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
#pragma GCC unroll 2
      for (int h = 0; h < H; h++) {
        const __m256 v = Format::load(w + j * Format::kBytes, first + h);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) acc[r][h][j] = _mm256_fmadd_ps(v, _mm256_set1_ps(x[r][i + j]), acc[r][h][j]);
      }
    }
    w += 4 * Format::kBytes;
  }
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    if (i + j < k) {
#pragma GCC unroll 2
      for (int h = 0; h < H; h++) {
        const __m256 v = Format::load(w + j * Format::kBytes, first + h);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) acc[r][h][j] = _mm256_fmadd_ps(v, _mm256_set1_ps(x[r][i + j]), acc[r][h][j]);
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
    for (int h = 0; h < H; h++)
      _mm256_store_ps(out[r] + 8 * (first + h), _mm256_add_ps(_mm256_add_ps(acc[r][h][0], acc[r][h][1]),
                                                              _mm256_add_ps(acc[r][h][2], acc[r][h][3])));
  }
}

template <class Format, int R>
void float_products(const uint8_t* w, const void* const* rows, int64_t k, float (*out)[16]) {
  if (R == 1) {
    float_halves<Format, 2, R>(w, 0, rows, k, out);
  } else {
    float_halves<Format, 1, R>(w, 0, rows, k, out);
    float_halves<Format, 1, R>(w, 1, rows, k, out);
  }
}

// ---- Tiles ----

// Products of up to kRows rows with one group; `length` is the number of blocks or of values of a row.
using Products = void (*)(const uint8_t* w, const void* const* rows, int64_t length, float (*out)[16]);

template <class Format>
constexpr Products kBlockProducts[4] = {block_products<Format, 1>, block_products<Format, 2>, block_products<Format, 3>,
                                        block_products<Format, kRows>};
template <class Format>
constexpr Products kFloatProducts[3] = {float_products<Format, 1>, float_products<Format, 2>, float_products<Format, 3>};

inline void store_row(float* out, const float* values, int64_t columns) {
  if (columns >= 16) {
    _mm256_storeu_ps(out, _mm256_load_ps(values));
    _mm256_storeu_ps(out + 8, _mm256_load_ps(values + 8));
    return;
  }
  for (int64_t n = 0; n < columns; n++) out[n] = values[n];
}

// All rows in tiles of at most `largest`, sizes differing by at most one; every group of each tile. `w2` makes it silu(w) · w2.
inline void sweep(const tp_gemm* p, const Products* products, int64_t largest, int64_t length, const uint8_t* w, const uint8_t* w2,
                  int64_t stride) {
  const int64_t tiles = (p->rows + largest - 1) / largest;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t first = p->rows * t / tiles, count = p->rows * (t + 1) / tiles - first;
    for (int64_t g = 0; g < p->groups; g++) {
      alignas(32) float a[4][16], b[4][16];
      products[count - 1](w + g * stride, p->x + first, length, a);
      if (w2) {
        products[count - 1](w2 + g * stride, p->x + first, length, b);
        for (int64_t r = 0; r < count; r++)
          for (int h = 0; h < 16; h += 8)
            _mm256_store_ps(a[r] + h, _mm256_mul_ps(tp_avx2_silu(_mm256_load_ps(a[r] + h)), _mm256_load_ps(b[r] + h)));
      }
      for (int64_t r = 0; r < count; r++) store_row(p->out[first + r] + 16 * g, a[r], p->columns - 16 * g);
    }
  }
}

template <class Format, bool Fused>
void gemm_block(const tp_gemm* p) {
  const int64_t blocks = p->k / 32;
  if (p->rows < kDecodeRows) {
    sweep(p, kBlockProducts<Format>, kRows, blocks, p->w, Fused ? p->w2 : nullptr, p->group_bytes);
    return;
  }
  const int64_t stride = blocks * Decoded::kBytes;
  uint8_t* second = p->scratch + p->groups * stride;
  for (int64_t g = 0; g < p->groups; g++) {
    decode_group<Format>(p->w + g * p->group_bytes, blocks, p->scratch + g * stride);
    if (Fused) decode_group<Format>(p->w2 + g * p->group_bytes, blocks, second + g * stride);
  }
  sweep(p, kBlockProducts<Decoded>, kRows, blocks, p->scratch, Fused ? second : nullptr, stride);
}

template <class Format, bool Fused>
void gemm_float(const tp_gemm* p) {
  sweep(p, kFloatProducts<Format>, 3, p->k, p->w, Fused ? p->w2 : nullptr, p->group_bytes);
}

// ---- Activations ----

inline __m256i max_across(__m256i v) {
  v = _mm256_max_epi32(v, _mm256_permute2x128_si256(v, v, 1));
  v = _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0x4e));
  return _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0xb1));
}

inline int32_t sum_across(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

void quantize(const float* x, int64_t k, tp_act_block* out) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  for (int64_t b = 0; b < k / 32; b++) {
    __m256 v[4];
    __m256i most = _mm256_setzero_si256();  // magnitudes compare as integers, NaN above all
    for (int j = 0; j < 4; j++) {
      v[j] = _mm256_loadu_ps(x + 32 * b + 8 * j);
      most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(v[j]), magnitude));
    }
    float largest = _mm256_cvtss_f32(_mm256_castsi256_ps(max_across(most)));
    if (largest < TP_ACT_TINY) largest = 0;
    const __m256 inverse = _mm256_set1_ps(largest == 0 ? 0 : 127.0f / largest);
    __m256i c[4];
    for (int j = 0; j < 4; j++) c[j] = _mm256_cvtps_epi32(_mm256_mul_ps(v[j], inverse));
    out[b].scale = largest / 127.0f;
    // Unsigned: codes of NaNs overflow, and mean nothing.
    const int32_t sum = sum_across(_mm256_add_epi32(_mm256_add_epi32(c[0], c[1]), _mm256_add_epi32(c[2], c[3])));
    out[b].bias = static_cast<int32_t>(0u - 128u * static_cast<uint32_t>(sum));
    const __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(c[0], c[1]), _mm256_packs_epi32(c[2], c[3]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out[b].codes),
                        _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
  }
}

void weighted_sum(const float* x, int64_t stride, const float* weights, int64_t used, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += 8) {
    const __m256i mask = tp_avx2_mask(static_cast<int>(n - i < 8 ? n - i : 8));
    __m256 acc = _mm256_setzero_ps();
    for (int64_t u = 0; u < used; u++)
      acc = _mm256_fmadd_ps(_mm256_maskload_ps(x + u * stride + i, mask), _mm256_set1_ps(weights[u]), acc);
    _mm256_maskstore_ps(out + i, mask, acc);
  }
}

}  // namespace

extern "C" const tp_gemm_isa TP_GEMM_TABLE = {
    Decoded::kBytes,
    quantize,
    {gemm_float<F32, false>, gemm_float<F16, false>, gemm_float<Bf16, false>, nullptr, gemm_block<Q8Direct, false>,
     gemm_block<Iq4Direct, false>},
    {gemm_float<F32, true>, gemm_float<F16, true>, gemm_float<Bf16, true>, nullptr, gemm_block<Q8Direct, true>,
     gemm_block<Iq4Direct, true>},
    weighted_sum,
};
