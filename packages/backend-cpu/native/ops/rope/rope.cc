// Rotary position embedding of x [T, D] or [T, H, D], of the whole last axis or of a part of it with the rest copied.
//
// Stage 0 fills a table of cosines and sines, [T][2][pairs], in the workspace; stage 1 rotates all heads of a token with its entry.
#include <cstring>
#include <stdexcept>

#include "ops/common/fixed_axis_size.h"
#include "ops/common/part.h"
#include "ops/common/per_isa.h"
#include "ops/common/row_chunks.h"
#include "ops/rope/frequencies.h"
#include "ops/rope/rope_unit.h"

extern "C" {
extern const tp_rope_unit tp_rope_generic, tp_rope_avx2, tp_rope_avx512;
}

namespace tensorplan {
namespace {

class Rope final : public Kernel {
 public:
  Rope(const tp_rope_unit* unit, const NodeDesc& node)
      : unit_(unit), neox_(node.attrs.string("style", "interleaved") == "neox"), part_(part_of(node.attrs, "part")) {
    if (!part_.present()) part_ = {0, fixed_axis_size(node, "x", -1)};
    if (part_.size % 2 != 0) throw std::invalid_argument(node.id + ": the rotated part must have an even size");
    const RopeFrequencies rule(node.attrs);
    magnitude_ = static_cast<float>(rule.magnitude);
    pairs_ = part_.size / 2;
    for (int64_t i = 0; i < pairs_; i++) plain_.push_back(rule.of(i, part_.size));
    frequencies_ = plain_;
  }

  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override {
    const Operand& x = operands.at("x");
    x_ = x.as<const float>();
    out_ = operands.at("out").as<float>();
    positions_ = operands.at("positions").as<const int32_t>();
    const auto factors = operands.find("factors");
    factors_ = factors == operands.end() ? nullptr : factors->second.as<const float>();
    table_ = reinterpret_cast<float*>(workspace);
    columns_ = x.last();
    tokens_.set(x.dim[0], 8 * part_.size);
    heads_ = x.rank == 3 ? x.dim[1] : 1;
    rows_.set(x.rows(), columns_);
  }

  int stages() const override { return 2; }

  int64_t chunks(int stage) override {
    if (stage == 1) return rows_.count();
    if (factors_ != nullptr)
      for (int64_t i = 0; i < pairs_; i++) frequencies_[i] = plain_[i] / factors_[i];
    return tokens_.count();
  }

  void run(int stage, int64_t chunk, Worker&) override {
    if (stage == 0) {
      for (int64_t t = tokens_.begin(chunk); t < tokens_.end(chunk); t++)
        unit_->angles(positions_[t], frequencies_.data(), pairs_, magnitude_, cosines(t), cosines(t) + pairs_);
      return;
    }
    const int64_t start = part_.start, end = part_.start + part_.size;
    for (int64_t row = rows_.begin(chunk); row < rows_.end(chunk); row++) {
      const float* x = x_ + row * columns_;
      float* out = out_ + row * columns_;
      if (out != x) {
        std::memcpy(out, x, sizeof(float) * start);
        std::memcpy(out + end, x + end, sizeof(float) * (columns_ - end));
      }
      const float* c = cosines(row / heads_);
      (neox_ ? unit_->neox : unit_->interleaved)(x + start, c, c + pairs_, out + start, pairs_);
    }
  }

 private:
  float* cosines(int64_t token) const { return table_ + token * part_.size; }

  const tp_rope_unit* unit_;
  bool neox_;
  Part part_;
  int64_t pairs_ = 0;
  float magnitude_ = 1;
  std::vector<double> plain_, frequencies_;
  const float *x_ = nullptr, *factors_ = nullptr;
  const int32_t* positions_ = nullptr;
  float *out_ = nullptr, *table_ = nullptr;
  int64_t columns_ = 0, heads_ = 1;
  RowChunks tokens_, rows_;
};

}  // namespace

void register_rope(KernelTable& table) {
  const PerIsa<const tp_rope_unit*> units = TP_PER_ISA_ADDRESS(tp_rope);
  add_per_isa(table, "rope", units,
              [](const tp_rope_unit* unit, const NodeDesc& node) { return std::make_unique<Rope>(unit, node); });
}

}  // namespace tensorplan
