// Thread scratch cut into 64-byte aligned arrays of floats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tensorplan {

class ScratchCutter {
 public:
  explicit ScratchCutter(uint8_t* memory) : memory_(memory) {}
  float* floats(int64_t count) { return reinterpret_cast<float*>(bytes(static_cast<size_t>(count) * sizeof(float))); }
  int32_t* ints(int64_t count) { return reinterpret_cast<int32_t*>(bytes(static_cast<size_t>(count) * sizeof(int32_t))); }
  uint8_t* bytes(size_t count) {
    uint8_t* at = memory_ + used_;
    used_ += (count + 63) / 64 * 64;
    return at;
  }
  size_t used() const { return used_; }

 private:
  uint8_t* memory_;
  size_t used_ = 0;
};

}  // namespace tensorplan
