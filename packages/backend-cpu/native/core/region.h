// One of a device's buffers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tensorplan {

class Region {
 public:
  Region() = default;
  ~Region() { release(); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // Zeroed memory, aligned to 64 bytes at least; what was there is lost. Throws std::bad_alloc, and then the region is empty.
  void allocate(uint64_t bytes);
  void release();

  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace tensorplan
