// out = a · b, element by element.
#include "ops/common/map_kernel.h"

extern "C" {
void tp_mul_generic(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_mul_avx2(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_mul_avx512(const float* a, const float* b, float* out, int64_t n, float factor);
}

namespace tensorplan {

void register_mul(KernelTable& table) {
  add_map_kernels(table, "mul", "a", "b", TP_PER_ISA(tp_mul));
}

}  // namespace tensorplan
