// Where a weight's bytes come from.
#pragma once

#include <cstdint>
#include <string>

namespace tensorplan {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads exactly `bytes` bytes; throws std::runtime_error otherwise. Callable from several threads at once.
  virtual void read(uint64_t offset, void* into, size_t bytes) const = 0;
  // Says that a range will be read soon.
  virtual void expect(uint64_t offset, uint64_t bytes) const;
};

// A file, read at offsets of any size: for weights that are stored in another form than the file's. A file that shrinks while it is read
// is an error here (in a map it is a fatal signal), and pages read this way never count as this process's memory.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  void read(uint64_t offset, void* into, size_t bytes) const override;
  void expect(uint64_t offset, uint64_t bytes) const override;
  int descriptor() const { return file_; }
  const std::string& path() const { return path_; }
  // Throws std::runtime_error if the file ends before.
  void require(uint64_t offset, uint64_t bytes) const;

 private:
  std::string path_;
  int file_;
};

// Memory that outlives this object.
class MemorySource final : public ByteSource {
 public:
  MemorySource(const uint8_t* data, uint64_t bytes) : data_(data), bytes_(bytes) {}
  void read(uint64_t offset, void* into, size_t bytes) const override;

 private:
  const uint8_t* data_;
  uint64_t bytes_;
};

}  // namespace tensorplan
