// out = x · factor.
#include "ops/common/map_kernel.h"

extern "C" {
void tp_scale_generic(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_scale_avx2(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_scale_avx512(const float* a, const float* b, float* out, int64_t n, float factor);
}

namespace tensorplan {

void register_scale(KernelTable& table) {
  add_map_kernels(table, "scale", "x", "", TP_PER_ISA(tp_scale));
}

}  // namespace tensorplan
