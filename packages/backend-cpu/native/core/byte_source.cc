#include "core/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tensorplan {

void ByteSource::expect(uint64_t, uint64_t) const {}

FileSource::FileSource(const std::string& path) : path_(path), file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
}

FileSource::~FileSource() { close(file_); }

void FileSource::read(uint64_t offset, void* into, size_t bytes) const {
  auto* at = static_cast<uint8_t*>(into);
  while (bytes > 0) {
    const ssize_t got = pread(file_, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::runtime_error("cannot read " + path_ + ": " + std::strerror(errno));
    if (got == 0) throw std::runtime_error(path_ + " ends " + std::to_string(bytes) + " bytes too early: it has been cut off");
    at += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
}

void FileSource::expect(uint64_t offset, uint64_t bytes) const {
#if defined(POSIX_FADV_WILLNEED)
  posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
#else
  static_cast<void>(offset), static_cast<void>(bytes);
#endif
}

void FileSource::require(uint64_t offset, uint64_t bytes) const {
  struct stat info {};
  if (fstat(file_, &info) != 0) throw std::runtime_error("cannot read the size of " + path_ + ": " + std::strerror(errno));
  const auto size = static_cast<uint64_t>(info.st_size);
  if (offset > size || bytes > size - offset) throw std::runtime_error(path_ + " ends too early: it has been cut off");
}

void MemorySource::read(uint64_t offset, void* into, size_t bytes) const {
  if (offset > bytes_ || bytes > bytes_ - offset) throw std::runtime_error("the source has fewer bytes than the weight needs");
  if (bytes > 0) std::memcpy(into, data_ + offset, bytes);
}

}  // namespace tensorplan
