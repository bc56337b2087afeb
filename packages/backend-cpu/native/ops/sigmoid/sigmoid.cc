// out = 1 / (1 + e^-x).
#include "ops/common/map_kernel.h"

extern "C" {
void tp_sigmoid_generic(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_sigmoid_avx2(const float* a, const float* b, float* out, int64_t n, float factor);
void tp_sigmoid_avx512(const float* a, const float* b, float* out, int64_t n, float factor);
}

namespace tensorplan {

void register_sigmoid(KernelTable& table) {
  add_map_kernels(table, "sigmoid", "x", "", TP_PER_ISA(tp_sigmoid));
}

}  // namespace tensorplan
