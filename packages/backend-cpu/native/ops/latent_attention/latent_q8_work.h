// Tiles of a q8_0 latent cache, computed with eight-bit queries: see latent_q8_unit.h.
#pragma once

#include "ops/attention/tile_work.h"
#include "ops/latent_attention/latent_q8_unit.h"

namespace tensorplan {

class LatentQ8Work final : public TileWork {
 public:
  LatentQ8Work(const tp_latent_q8_unit* unit, const FlashShape& shape, int64_t most_queries);

  int64_t acc_stride() const override { return 32 * value_blocks_; }
  int64_t acc_offset() const override { return shape_.value_start - 32 * value_block_; }
  size_t scratch_bytes(int64_t queries) const override;
  void bind(const std::map<std::string, Operand>& operands) override;
  void load_queries(const Paging& paging, const QueryBlock& block, int64_t key_head, uint8_t* scratch) const override;
  void take(const Paging& paging, const QueryBlock& block, int64_t key_head, int64_t index, const QueryStates& states,
            uint8_t* scratch) const override;

 private:
  struct Scratch {
    int8_t* codes;
    float* scales;
    int32_t *starts, *limits;
    float* rest;
    tp_latent_q8_tile tile;  // its scratch arrays
  };
  Scratch lay_out(ScratchCutter& cut, int64_t queries) const;

  const tp_latent_q8_unit* unit_;
  FlashShape shape_;
  int64_t most_queries_, blocks_, value_block_, value_blocks_;
  const float* q_ = nullptr;
  const uint8_t* cache_ = nullptr;
};

}  // namespace tensorplan
