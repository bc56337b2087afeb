// out[t, h, j] = scale · q[t, h] · k[row j of t's sequence], −inf for rows after the token's own. The unfused way to do attention: plain,
// and with all scores in memory.
#include <cmath>
#include <cstring>

#include "formats/format.h"
#include "ops/attention/flash_unit.h"
#include "ops/attention/paging.h"
#include "ops/common/fixed_axis_size.h"
#include "ops/common/per_isa.h"
#include "ops/common/scratch_cutter.h"

extern "C" {
extern const tp_flash_unit tp_flash_generic, tp_flash_avx2, tp_flash_avx512;
}

namespace tensorplan {
namespace {

class PagedScores final : public Kernel {
 public:
  PagedScores(const tp_flash_unit* unit, const NodeDesc& node) : unit_(unit) {
    const OperandDesc& k = node.inputs.at("k");
    heads_ = fixed_axis_size(node, "q", 1);
    d_ = fixed_axis_size(node, "q", 2);
    key_heads_ = k.shape.size() == 3 ? fixed_axis_size(node, "k", 1) : 1;
    group_ = heads_ / key_heads_;
    most_tokens_ = std::max<int64_t>(1, 64 / group_);
    d_padded_ = (d_ + 15) / 16 * 16;
    dtype_ = k.dtype;
    scale_ = static_cast<float>(node.attrs.number("scale", 1));
  }

  size_t scratch_bytes() const override {
    ScratchCutter cut(nullptr);
    lay_out(cut);
    return cut.used();
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    paging_.bind(operands);
    q_ = operands.at("q").as<const float>();
    k_ = operands.at("k").data;
    out_ = operands.at("out").as<float>();
    context_ = operands.at("out").last();
    ranges_ = (context_ + kRange - 1) / kRange;
  }

  int64_t chunks(int) override { return count_blocks(paging_, most_tokens_) * key_heads_ * ranges_; }

  void run(int, int64_t chunk, Worker& worker) override {
    ScratchCutter cut(worker.scratch);
    const Scratch s = lay_out(cut);
    const int64_t range = chunk % ranges_, key_head = chunk / ranges_ % key_heads_;
    const QueryBlock block = nth_block(paging_, chunk / ranges_ / key_heads_, most_tokens_);
    tp_flash_tile tile = {};
    tile.q = s.q;
    tile.q_stride = tile.k_stride = d_padded_;
    tile.queries = block.count * group_;
    tile.k = s.k;
    tile.d = d_;
    tile.scale = scale_;
    tile.p = s.p;
    tile.p_stride = kPageRows;
    for (int64_t m = 0; m < tile.queries; m++) {
      float* to = s.q + m * d_padded_;
      std::memcpy(to, q_ + row(block, key_head, m) * d_, sizeof(float) * static_cast<size_t>(d_));
      std::fill(to + d_, to + d_padded_, 0.0f);
    }
    const size_t head_bytes = row_bytes(dtype_, d_), bytes = head_bytes * static_cast<size_t>(key_heads_);
    const int64_t end = std::min(context_, (range + 1) * kRange);
    for (int64_t at = range * kRange; at < end; at += kPageRows) {
      const int64_t width = std::min(kPageRows, end - at);
      int32_t most = 0;
      for (int64_t t = 0; t < block.count; t++) most = std::max(most, paging_.limit(block.first + t, at / kPageRows));
      if (most > 0) {
        const size_t first = static_cast<size_t>(paging_.first_row(block.first, at / kPageRows));
        unit_->load_rows(static_cast<int>(dtype_), k_ + first * bytes + static_cast<size_t>(key_head) * head_bytes,
                         static_cast<int64_t>(bytes), most, d_, s.k, d_padded_);
        unit_->scores(&tile, most);
      }
      for (int64_t m = 0; m < tile.queries; m++) {
        float* to = out_ + row(block, key_head, m) * context_ + at;
        const int64_t limit = paging_.limit(block.first + m / group_, at / kPageRows);
        for (int64_t j = 0; j < width; j++) to[j] = j < limit ? s.p[m * kPageRows + j] : -INFINITY;
      }
    }
  }

 private:
  static constexpr int64_t kRange = 512;  // rows of the context in a chunk
  struct Scratch {
    float *q, *k, *p;
  };
  Scratch lay_out(ScratchCutter& cut) const {
    const int64_t queries = most_tokens_ * group_;
    return {cut.floats(queries * d_padded_), cut.floats(kPageRows * d_padded_), cut.floats(queries * kPageRows)};
  }
  // Row of q and out of the block's m-th query.
  int64_t row(const QueryBlock& block, int64_t key_head, int64_t m) const {
    return (block.first + m / group_) * heads_ + key_head * group_ + m % group_;
  }

  const tp_flash_unit* unit_;
  int64_t heads_, key_heads_, group_, d_, d_padded_, most_tokens_;
  DType dtype_;
  float scale_;
  Paging paging_;
  const float* q_ = nullptr;
  const uint8_t* k_ = nullptr;
  float* out_ = nullptr;
  int64_t context_ = 0, ranges_ = 0;
};

}  // namespace

void register_paged_scores(KernelTable& table) {
  const PerIsa<const tp_flash_unit*> units = TP_PER_ISA_ADDRESS(tp_flash);
  add_per_isa(table, "paged_scores", units,
              [](const tp_flash_unit* unit, const NodeDesc& node) { return std::make_unique<PagedScores>(unit, node); });
}

}  // namespace tensorplan
