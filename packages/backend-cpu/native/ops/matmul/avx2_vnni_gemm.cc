// AVX2 with AVX-VNNI (256-bit vpdpbusd, on CPUs without AVX-512).
#pragma GCC target("avxvnni")
#include <immintrin.h>
#include <stdint.h>

#include "ops/matmul/gemm_isa.h"
#include "simd/avx2_math.h"

namespace {

struct Dot {
  static constexpr bool kBiased = true;
  static constexpr int kRows = 3;
  static constexpr int kWideRows = 3;
  using Weights = __m256i;
  static inline __m256i prepare(__m256i v) { return v; }
  static inline __m256i add(__m256i sum, __m256i w, __m256i a) { return _mm256_dpbusd_avx_epi32(sum, w, a); }
};

}  // namespace

#define TP_GEMM_TABLE tp_gemm_avx2_vnni
#include "ops/matmul/avx2_gemm_body.h"
