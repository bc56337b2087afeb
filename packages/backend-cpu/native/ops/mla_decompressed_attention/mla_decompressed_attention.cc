// Multi-head latent attention with keys and values made again from the latent rows, for many queries of a sequence at once:
// k_j = [k_up[h]·c_j | r_j], v_j = v_b[h]·c_j, then causal softmax attention.
//
// A chunk is (block of up to 512 tokens of one sequence, head). It prepares the head's weights, and for each tile of 64 cache rows makes
// keys and values once for all queries of the block. A query's state runs over the tiles in ascending order.
#include "core/cpu_features.h"
#include "ops/common/per_isa.h"
#include "ops/mla_decompressed_attention/f32_kernel.h"
#include "ops/mla_decompressed_attention/int8_kernel.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
extern const tp_mla_unit tp_mla_avx512;
}

namespace tensorplan {

// The layout is read from the operands.
void register_mla_decompressed_attention(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  for (const std::string layout : {"x16", "rows"}) {
#if defined(__x86_64__)
    table.add({"mla_decompressed_attention.int8." + layout + ".avx512", kAvx512Features,
               [](const NodeDesc& node) { return make_mla_decompressed_int8(&tp_mla_avx512, tp_flash_avx512.load_rows, node); }});
#endif
    add_per_isa(table, "mla_decompressed_attention." + layout, units,
                [](const tp_flash_unit* unit, const NodeDesc& node) { return make_mla_decompressed_f32(unit, node); });
  }
}

}  // namespace tensorplan
