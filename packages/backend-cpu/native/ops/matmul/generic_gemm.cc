// Portable inner kernels; see gemm_isa.h for what they compute. Plain loops that compilers vectorise for any instruction set.
//
// Weights of block types are always decoded first: to i16, columns fastest, so that two products of codes and activations
// (at most 2·128·127) add up in 16 bits before they widen. Where the CPU has no fused multiply-add the float steps round twice, so bits
// may differ from the SIMD variants'; nothing else does.
#include <stdint.h>
#include <string.h>

#include "formats/half.h"
#include "ops/matmul/gemm_isa.h"
#include "simd/generic_math.h"

namespace {

inline float fma_or_not(float a, float b, float c) {
#if defined(__FP_FAST_FMAF)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

inline float half_at(const uint8_t* p, int i) {
  uint16_t h;
  memcpy(&h, p + 2 * i, 2);
  return tp_f16_to_f32(h);
}

// Scales and codes of 16 columns × 32 k.
struct Decoded {
  float scales[16];
  int16_t codes[32][16];
};

struct Q8 {
  static constexpr int64_t kBytes = 544;
  static void codes(const uint8_t* p, Decoded* out) {
    for (int g = 0; g < 8; g++)
      for (int n = 0; n < 16; n++)
        for (int i = 0; i < 4; i++) out->codes[4 * g + i][n] = static_cast<int16_t>(p[64 * g + 4 * n + i] - 128);
  }
};

struct Iq4 {
  static constexpr int64_t kBytes = 288;
  static void codes(const uint8_t* p, Decoded* out) {
    static const int16_t levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    for (int g = 0; g < 4; g++)
      for (int n = 0; n < 16; n++)
        for (int i = 0; i < 4; i++) {
          const uint8_t byte = p[64 * g + 4 * n + i];
          out->codes[4 * g + i][n] = levels[byte & 15];
          out->codes[16 + 4 * g + i][n] = levels[byte >> 4];
        }
  }
};

template <class Format>
void decode_group(const uint8_t* from, int64_t blocks, Decoded* to) {
  for (int64_t b = 0; b < blocks; b++) {
    for (int n = 0; n < 16; n++) to[b].scales[n] = half_at(from, n);
    Format::codes(from + 32, to + b);
    from += Format::kBytes;
  }
}

// Sixteen columns at once; compilers split these into what the instruction set has.
typedef int16_t Shorts __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef float Floats __attribute__((vector_size(64)));

void block_products(const Decoded* w, const tp_act_block* x, int64_t blocks, float* out) {
  float acc[16] = {};
  for (int64_t b = 0; b < blocks; b++) {
    Ints sum = {};
    for (int k = 0; k < 32; k += 2) {
      Shorts first, second;
      memcpy(&first, w[b].codes[k], sizeof first);
      memcpy(&second, w[b].codes[k + 1], sizeof second);
      const Shorts pair = first * static_cast<int16_t>(x[b].codes[k]) + second * static_cast<int16_t>(x[b].codes[k + 1]);
      sum += __builtin_convertvector(pair, Ints);
    }
    const Floats products = __builtin_convertvector(sum, Floats);
    for (int n = 0; n < 16; n++) acc[n] = fma_or_not(products[n], w[b].scales[n] * x[b].scale, acc[n]);
  }
  memcpy(out, acc, sizeof acc);
}

struct F32 {
  static constexpr int64_t kBytes = 64;
  static inline float load(const uint8_t* p, int n) {
    float v;
    memcpy(&v, p + 4 * n, 4);
    return v;
  }
};
struct F16 {
  static constexpr int64_t kBytes = 32;
  static inline float load(const uint8_t* p, int n) { return half_at(p, n); }
};
struct Bf16 {
  static constexpr int64_t kBytes = 32;
  static inline float load(const uint8_t* p, int n) {
    uint16_t h;
    memcpy(&h, p + 2 * n, 2);
    return tp_bf16_to_f32(h);
  }
};

template <class Format>
void float_products(const uint8_t* w, const float* x, int64_t k, float* out) {
  float acc[4][16] = {};
  for (int64_t i = 0; i < k; i++) {
    float* a = acc[i % 4];
    for (int n = 0; n < 16; n++) a[n] = fma_or_not(Format::load(w + i * Format::kBytes, n), x[i], a[n]);
  }
  for (int n = 0; n < 16; n++) out[n] = (acc[0][n] + acc[1][n]) + (acc[2][n] + acc[3][n]);
}

inline int64_t columns_of(const tp_gemm* p, int64_t group) {
  const int64_t left = p->columns - 16 * group;
  return left < 16 ? left : 16;
}

inline void store(const tp_gemm* p, int64_t row, int64_t group, const float* values) {
  memcpy(p->out[row] + 16 * group, values, sizeof(float) * static_cast<size_t>(columns_of(p, group)));
}

inline void store_gate_up(const tp_gemm* p, int64_t row, int64_t group, float* gate, const float* up) {
  for (int n = 0; n < 16; n++) gate[n] = tp_generic_silu(gate[n]) * up[n];
  store(p, row, group, gate);
}

template <class Format, bool Fused>
void gemm_block(const tp_gemm* p) {
  const int64_t blocks = p->k / 32;
  Decoded* w = reinterpret_cast<Decoded*>(p->scratch);
  Decoded* w2 = w + blocks;
  float a[16], b[16];
  for (int64_t g = 0; g < p->groups; g++) {
    decode_group<Format>(p->w + g * p->group_bytes, blocks, w);
    if (Fused) decode_group<Format>(p->w2 + g * p->group_bytes, blocks, w2);
    for (int64_t r = 0; r < p->rows; r++) {
      const tp_act_block* x = static_cast<const tp_act_block*>(p->x[r]);
      block_products(w, x, blocks, a);
      if (Fused) {
        block_products(w2, x, blocks, b);
        store_gate_up(p, r, g, a, b);
      } else {
        store(p, r, g, a);
      }
    }
  }
}

template <class Format, bool Fused>
void gemm_float(const tp_gemm* p) {
  float a[16], b[16];
  for (int64_t g = 0; g < p->groups; g++)
    for (int64_t r = 0; r < p->rows; r++) {
      const float* x = static_cast<const float*>(p->x[r]);
      float_products<Format>(p->w + g * p->group_bytes, x, p->k, a);
      if (Fused) {
        float_products<Format>(p->w2 + g * p->group_bytes, x, p->k, b);
        store_gate_up(p, r, g, a, b);
      } else {
        store(p, r, g, a);
      }
    }
}

void quantize(const float* x, int64_t k, tp_act_block* out) {
  for (int64_t b = 0; b < k / 32; b++) {
    const float* v = x + 32 * b;
    uint32_t bits = 0;  // magnitudes compare as integers, NaN above all
    for (int i = 0; i < 32; i++) {
      const uint32_t m = tp_f32_to_bits(v[i]) & 0x7fffffffu;
      bits = m > bits ? m : bits;
    }
    float largest = tp_bits_to_f32(bits);
    if (largest < TP_ACT_TINY) largest = 0;
    const float inverse = largest == 0 ? 0 : 127.0f / largest;
    const float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer, ties to even
    int32_t sum = 0;
    for (int i = 0; i < 32; i++) {
      const float shifted = v[i] * inverse + magic;
      const int8_t code = static_cast<int8_t>(tp_f32_to_bits(shifted) - tp_f32_to_bits(magic));
      out[b].codes[i] = code;
      sum += code;
    }
    out[b].scale = largest / 127.0f;
    out[b].bias = -128 * sum;
  }
}

void weighted_sum(const float* x, int64_t stride, const float* weights, int64_t used, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i++) out[i] = 0;
  for (int64_t u = 0; u < used; u++)
    for (int64_t i = 0; i < n; i++) out[i] = fma_or_not(x[u * stride + i], weights[u], out[i]);
}

}  // namespace

extern "C" const tp_gemm_isa tp_gemm_generic = {
    2 * sizeof(Decoded),  // gate and up of one group
    quantize,
    {gemm_float<F32, false>, gemm_float<F16, false>, gemm_float<Bf16, false>, nullptr, gemm_block<Q8, false>, gemm_block<Iq4, false>},
    {gemm_float<F32, true>, gemm_float<F16, true>, gemm_float<Bf16, true>, nullptr, gemm_block<Q8, true>, gemm_block<Iq4, true>},
    weighted_sum,
};
