// Decompressed latent attention with weights, keys and values as f32: for every type and instruction set.
#pragma once

#include <memory>

#include "core/kernel.h"
#include "ops/attention/flash_unit.h"

namespace tensorplan {
std::unique_ptr<Kernel> make_mla_decompressed_f32(const tp_flash_unit* unit, const NodeDesc& node);
}
