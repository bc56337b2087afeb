// out = silu(gate) · up, element by element.
#include "ops/common/map_kernel.h"

extern "C" {
void tp_swiglu_generic(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_swiglu_avx2(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_swiglu_avx512(const float* a, const float* b, float* out, int64_t n, float factor);
}

namespace tensorplan {

void register_swiglu(KernelTable& table) {
  add_map_kernels(table, "swiglu", "gate", "up", TP_PER_ISA(tp_swiglu));
}

}  // namespace tensorplan
