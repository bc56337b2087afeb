// out = x · sigmoid(x).
#include "ops/common/map_kernel.h"

extern "C" {
void tp_silu_generic(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_silu_avx2(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_silu_avx512(const float* a, const float* b, float* out, int64_t n, float factor);
}

namespace tensorplan {

void register_silu(KernelTable& table) {
  add_map_kernels(table, "silu", "x", "", TP_PER_ISA(tp_silu));
}

}  // namespace tensorplan
