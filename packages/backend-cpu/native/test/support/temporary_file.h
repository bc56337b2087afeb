// A file of the test's own, open for writing, removed at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tensorplan::test {

// Where temporary files go. Throws std::system_error where none can be made.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::vector<uint8_t>& content = {});
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  int file() const { return file_; }

 private:
  void remove() const;

  std::string path_;
  int file_ = -1;
};

}  // namespace tensorplan::test
