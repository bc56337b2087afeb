#include "test/support/temporary_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace tensorplan::test {

TemporaryFile::TemporaryFile(const std::vector<uint8_t>& content) {
  const char* folder = std::getenv("TMPDIR");
  path_ = std::string(folder == nullptr || *folder == 0 ? "/tmp" : folder) + "/tensorplan-test-XXXXXX";
  file_ = mkstemp(path_.data());
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "mkstemp " + path_);
  if (write(file_, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    throw std::system_error(errno, std::generic_category(), "write " + path_);
}

TemporaryFile::~TemporaryFile() {
  close(file_);
  unlink(path_.c_str());
}

}  // namespace tensorplan::test
