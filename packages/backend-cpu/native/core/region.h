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
  // Puts a file's bytes at `offset` in place of the memory there, without reading or copying them: pages come from the system's file
  // cache when they are first touched, and written ones become private. Whole pages are replaced, so `offset` and `file_offset` must be
  // equal modulo the page size, and nothing else may lie in the first and last page. Throws std::invalid_argument or std::system_error.
  void map_file(uint64_t offset, uint64_t bytes, int file, uint64_t file_offset);
  void release();

  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace tensorplan
