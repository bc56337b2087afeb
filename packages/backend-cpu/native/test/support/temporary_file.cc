#include "test/support/temporary_file.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace tensorplan::test {

TemporaryFile::TemporaryFile(const std::vector<uint8_t>& content) {
  path_ = (std::filesystem::temp_directory_path() / "tensorplan-test-XXXXXX").string();
  file_ = mkstemp(path_.data());
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "mkstemp " + path_);
  if (write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size())) return;
  const int reason = errno;
  remove();
  throw std::system_error(reason, std::generic_category(), "write " + path_);
}

TemporaryFile::~TemporaryFile() { remove(); }

void TemporaryFile::remove() const {
  close(file_);
  unlink(path_.c_str());
}

}  // namespace tensorplan::test
