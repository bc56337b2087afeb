#include "core/region.h"

#include <sys/mman.h>

#include <new>

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

void Region::release() {
  if (data_ != nullptr) munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

}  // namespace tensorplan
