// Causal softmax attention of all heads over one shared latent row, whose values are a part of the keys (multi-head latent attention
// with absorbed projections, arXiv:2405.04434 §2.1). See paged_flash.h.
#include <stdexcept>

#include "ops/attention/paged_flash.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"
#include "ops/common/per_isa.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
}

namespace tensorplan {
namespace {

std::unique_ptr<Kernel> make(const tp_flash_unit* unit, const NodeDesc& node, bool split) {
  const Part values = part_of(node.attrs, "values");
  FlashShape shape;
  shape.latent = true;
  shape.heads = fixed_axis_size(node, "q", 1);
  shape.d = fixed_axis_size(node, "q", 2);
  shape.dv = values.size;
  shape.value_start = values.start;
  shape.key_type = node.inputs.at("cache").dtype;
  shape.scale = static_cast<float>(node.attrs.number("scale", 1));
  if (!values.present() || values.start + values.size > shape.d)
    throw std::invalid_argument(node.id + ": 'values' must be a part of the cache row");
  return std::make_unique<PagedFlash>(unit, shape, split);
}

}  // namespace

void register_latent_attention(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  for (const bool split : {true, false})
    add_per_isa(table, split ? "latent_attention.split" : "latent_attention.batch", units,
                [split](const tp_flash_unit* unit, const NodeDesc& node) { return make(unit, node, split); });
}

}  // namespace tensorplan
