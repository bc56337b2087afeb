#include "core/region.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace tensorplan {
namespace {

constexpr uint64_t kHugePage = uint64_t{2} << 20;

}  // namespace

void Region::allocate(uint64_t bytes) {
  release();
  if (bytes == 0) return;
  // The kernel hands out zeroed pages when they are first touched: untouched parts of a region cost nothing.
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  if (bytes >= 2 * kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  data_ = static_cast<uint8_t*>(memory);
  bytes_ = bytes;
}

void Region::map_file(uint64_t offset, uint64_t bytes, int file, uint64_t file_offset) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t before = offset % page;
  if (file_offset % page != before) throw std::invalid_argument("a mapped place and its bytes in the file must start alike within a page");
  const uint64_t first = offset - before, length = (before + bytes + page - 1) / page * page;
  if (offset > bytes_ || bytes > bytes_ - offset) throw std::invalid_argument("a mapped place must lie inside its region");
  if (bytes == 0) return;
  void* memory = mmap(data_ + first, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, static_cast<off_t>(file_offset - before));
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
}

void Region::release() {
  if (data_ != nullptr) munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

}  // namespace tensorplan
