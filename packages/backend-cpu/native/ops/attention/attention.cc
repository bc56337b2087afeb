// Causal softmax attention of grouped query heads over paged key and value caches. See paged_flash.h.
#include <stdexcept>

#include "ops/attention/f32_tile_work.h"
#include "ops/attention/paged_flash.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/per_isa.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
}

namespace tensorplan {
namespace {

std::unique_ptr<Kernel> make_attention(const tp_flash_unit* unit, const NodeDesc& node, bool split) {
  FlashShape shape;
  shape.heads = fixed_axis_size(node, "q", 1);
  shape.key_heads = fixed_axis_size(node, "k", 1);
  shape.d = fixed_axis_size(node, "q", 2);
  shape.dv = fixed_axis_size(node, "v", 2);
  shape.key_type = node.inputs.at("k").dtype;
  shape.value_type = node.inputs.at("v").dtype;
  shape.scale = static_cast<float>(node.attrs.number("scale", 1));
  if (shape.heads % shape.key_heads != 0)
    throw std::invalid_argument(node.id + ": the number of query heads isn't a multiple of the number of key heads");
  return std::make_unique<PagedFlash>(unit, shape, split,
                                      std::make_unique<F32TileWork>(unit, shape, PagedFlash::most_queries(shape)));
}

}  // namespace

// The kernels read the element types of k and v from the node: a row accepts any of the types that caches can have.
void register_attention(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  for (const bool split : {true, false})
    add_per_isa(table, split ? "attention.split" : "attention.batch", units,
                [split](const tp_flash_unit* unit, const NodeDesc& node) { return make_attention(unit, node, split); });
}

}  // namespace tensorplan
