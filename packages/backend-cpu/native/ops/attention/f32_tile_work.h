// Tiles widened to f32, whatever the cache's types: keys and values of a tile are read once for all queries of a block.
#pragma once

#include "ops/attention/flash_unit.h"
#include "ops/attention/tile_work.h"

namespace tensorplan {

class F32TileWork final : public TileWork {
 public:
  F32TileWork(const tp_flash_unit* unit, const FlashShape& shape, int64_t most_queries);

  int64_t acc_stride() const override { return dv_padded_; }
  size_t scratch_bytes(int64_t queries) const override;
  void bind(const std::map<std::string, Operand>& operands) override;
  void load_queries(const Paging& paging, const QueryBlock& block, int64_t key_head, uint8_t* scratch) const override;
  void take(const Paging& paging, const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states,
            uint8_t* scratch) const override;

 private:
  struct Scratch {
    float *q, *k, *v, *p;
    int32_t* limits;
  };
  Scratch lay_out(ScratchCutter& cut, int64_t queries) const;

  const tp_flash_unit* unit_;
  FlashShape shape_;
  int64_t most_queries_, d_padded_, dv_padded_;
  size_t key_head_bytes_, key_row_bytes_, value_head_bytes_, value_row_bytes_;
  const float* q_ = nullptr;
  const uint8_t *k_ = nullptr, *v_ = nullptr;
};

}  // namespace tensorplan
