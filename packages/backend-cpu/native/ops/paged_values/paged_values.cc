// out[t, h] = Σ_j p[t, h, j] · v[row j of t's sequence] over the rows that the token sees, j ascending, or only a part of v's row.
#include <cstring>

#include "formats/format.h"
#include "ops/attention/flash_unit.h"
#include "ops/attention/paging.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"
#include "ops/common/per_isa.h"
#include "ops/common/scratch_cutter.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
}

namespace tensorplan {
namespace {

class PagedValues final : public Kernel {
 public:
  PagedValues(const tp_flash_unit* unit, const NodeDesc& node) : unit_(unit), part_(part_of(node.attrs, "values")) {
    const OperandDesc& v = node.inputs.at("v");
    heads_ = fixed_axis_size(node, "p", 1);
    width_ = fixed_axis_size(node, "v", -1);
    key_heads_ = v.shape.size() == 3 ? fixed_axis_size(node, "v", 1) : 1;
    if (!part_.present()) part_ = {0, width_};
    group_ = heads_ / key_heads_;
    most_tokens_ = std::max<int64_t>(1, 64 / group_);
    dtype_ = v.dtype;
    ranges_ = (part_.size + kRange - 1) / kRange;
  }

  size_t scratch_bytes() const override {
    ScratchCutter cut(nullptr);
    lay_out(cut);
    return cut.used();
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    paging_.bind(operands);
    const Operand& p = operands.at("p");
    p_ = p.as<const float>();
    context_ = p.last();
    v_ = operands.at("v").data;
    out_ = operands.at("out").as<float>();
  }

  int64_t chunks(int) override { return count_blocks(paging_, most_tokens_) * key_heads_ * ranges_; }

  void run(int, int64_t chunk, Worker& worker) override {
    ScratchCutter cut(worker.scratch);
    const Scratch s = lay_out(cut);
    const int64_t range = chunk % ranges_, key_head = chunk / ranges_ % key_heads_;
    const QueryBlock block = nth_block(paging_, chunk / ranges_ / key_heads_, most_tokens_);
    // Columns of v's row, and those around them that make whole storage blocks.
    const int64_t unit = format_of(dtype_).block;
    const int64_t begin = part_.start + range * kRange, end = std::min(part_.start + part_.size, begin + kRange);
    const int64_t load_begin = begin / unit * unit, load_end = (end + unit - 1) / unit * unit;
    tp_flash_tile tile = {};
    tile.queries = block.count * group_;
    tile.v = s.v + (begin - load_begin);
    tile.v_stride = kStride;
    tile.dv = (end - begin + 15) / 16 * 16;
    tile.acc = s.acc;
    tile.acc_stride = kRange;
    tile.p = s.p;
    tile.p_stride = kPageRows;
    std::fill_n(s.acc, tile.queries * kRange, 0.0f);
    int64_t tiles = 0;
    for (int64_t t = 0; t < block.count; t++) tiles = std::max(tiles, paging_.tiles(block.first + t));
    const size_t head_bytes = row_bytes(dtype_, width_), bytes = head_bytes * static_cast<size_t>(key_heads_);
    for (int64_t i = 0; i < tiles; i++) {
      int32_t most = 0;
      for (int64_t m = 0; m < tile.queries; m++) {
        const int32_t limit = paging_.limit(block.first + m / group_, i);
        const float* from = p_ + row(block, key_head, m) * context_ + i * kPageRows;
        for (int32_t j = 0; j < kPageRows; j++) s.p[m * kPageRows + j] = j < limit ? from[j] : 0;
        most = std::max(most, limit);
      }
      const size_t first = static_cast<size_t>(paging_.first_row(block.first, i));
      unit_->load_rows(static_cast<int>(dtype_),
                       v_ + first * bytes + static_cast<size_t>(key_head) * head_bytes + row_bytes(dtype_, load_begin),
                       static_cast<int64_t>(bytes), most, load_end - load_begin, s.v, kStride);
      unit_->values(&tile, most);
    }
    for (int64_t m = 0; m < tile.queries; m++)
      std::memcpy(out_ + row(block, key_head, m) * part_.size + range * kRange, s.acc + m * kRange,
                  sizeof(float) * static_cast<size_t>(end - begin));
  }

 private:
  static constexpr int64_t kRange = 128;           // columns in a chunk
  static constexpr int64_t kStride = kRange + 80;  // a storage block before and after, and the padding of the last vector
  struct Scratch {
    float *v, *acc, *p;
  };
  Scratch lay_out(ScratchCutter& cut) const {
    const int64_t queries = most_tokens_ * group_;
    return {cut.floats(kPageRows * kStride), cut.floats(queries * kRange), cut.floats(queries * kPageRows)};
  }
  // Row of p and out of the block's m-th query.
  int64_t row(const QueryBlock& block, int64_t key_head, int64_t m) const {
    return (block.first + m / group_) * heads_ + key_head * group_ + m % group_;
  }

  const tp_flash_unit* unit_;
  Part part_;
  int64_t heads_, key_heads_, group_, width_, most_tokens_, ranges_;
  DType dtype_;
  Paging paging_;
  const float* p_ = nullptr;
  const uint8_t* v_ = nullptr;
  float* out_ = nullptr;
  int64_t context_ = 0;
};

}  // namespace

void register_paged_values(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  add_per_isa(table, "paged_values", units,
              [](const tp_flash_unit* unit, const NodeDesc& node) { return std::make_unique<PagedValues>(unit, node); });
}

}  // namespace tensorplan
