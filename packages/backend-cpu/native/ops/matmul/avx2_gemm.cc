// AVX2 without VNNI: vpmaddubsw on |w| and a·sign(w), whose pairs of products (at most 2·128·127) fit in 16 bits, then vpmaddwd.
#include <immintrin.h>
#include <stdint.h>

#include "ops/matmul/gemm_isa.h"
#include "simd/avx2_math.h"

namespace {

struct Dot {
  static constexpr bool kBiased = false;
  static constexpr int kRows = 4;
  static constexpr int kWideRows = 2;
  struct Weights {
    __m256i value, magnitude;
  };
  static inline Weights prepare(__m256i v) { return {v, _mm256_abs_epi8(v)}; }
  static inline __m256i add(__m256i sum, const Weights& w, __m256i a) {
    const __m256i pairs = _mm256_maddubs_epi16(w.magnitude, _mm256_sign_epi8(a, w.value));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

#define TP_GEMM_TABLE tp_gemm_avx2
#include "ops/matmul/avx2_gemm_body.h"
