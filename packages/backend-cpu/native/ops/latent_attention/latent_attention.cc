// Causal softmax attention of all heads over one shared latent row, whose values are a part of the keys (multi-head latent attention
// with absorbed projections, arXiv:2405.04434 §2.1). See paged_flash.h.
#include <stdexcept>

#include "ops/attention/f32_tile_work.h"
#include "ops/attention/paged_flash.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"
#include "ops/common/per_isa.h"
#include "ops/latent_attention/latent_q8_work.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
extern const tp_latent_q8_unit tp_latent_q8_avx512;
}

namespace tensorplan {
namespace {

FlashShape shape_of(const NodeDesc& node) {
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
  return shape;
}

std::unique_ptr<Kernel> make_latent_attention(const tp_flash_unit* unit, const NodeDesc& node, bool split) {
  const FlashShape shape = shape_of(node);
  return std::make_unique<PagedFlash>(unit, shape, split,
                                      std::make_unique<F32TileWork>(unit, shape, PagedFlash::most_queries(shape)));
}

#if defined(__x86_64__)
std::unique_ptr<Kernel> make_q8_0(const NodeDesc& node, bool split) {
  const FlashShape shape = shape_of(node);
  if (shape.key_type != DType::q8_0) throw std::invalid_argument(node.id + ": the cache must be q8_0");
  return std::make_unique<PagedFlash>(&tp_flash_avx512, shape, split,
                                      std::make_unique<LatentQ8Work>(&tp_latent_q8_avx512, shape, PagedFlash::most_queries(shape)));
}
#endif

}  // namespace

void register_latent_attention(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  for (const bool split : {true, false}) {
    const std::string way = split ? "split" : "batch";
#if defined(__x86_64__)
    table.add({"latent_attention.q8_0." + way + ".avx512", kAvx512Features, [split](const NodeDesc& node) { return make_q8_0(node, split); }});
#endif
    add_per_isa(table, "latent_attention." + way, units,
                [split](const tp_flash_unit* unit, const NodeDesc& node) { return make_latent_attention(unit, node, split); });
  }
}

}  // namespace tensorplan
