// Decompressed latent attention in integers, for block weights: see int8_unit.h.
#pragma once

#include <memory>

#include "core/kernel.h"
#include "ops/mla_decompressed_attention/int8_unit.h"

namespace tensorplan {
// `widen` turns rows of the cache into f32 (tp_flash_unit's load_rows).
using LoadRows = void (*)(int dtype, const uint8_t* from, int64_t stride, int64_t rows, int64_t n, float* to, int64_t to_stride);
std::unique_ptr<Kernel> make_mla_decompressed_int8(const tp_mla_unit* unit, LoadRows widen, const NodeDesc& node);
}
