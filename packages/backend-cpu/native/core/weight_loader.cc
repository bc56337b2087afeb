#include "core/weight_loader.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

#include "core/integers.h"
#include "formats/format.h"

namespace tensorplan {
namespace {

// Bytes of the source that a chunk reads: small enough to stay in a core's cache until it is packed.
constexpr int64_t kChunkBytes = 256 << 10;

struct Buffers {
  std::vector<uint8_t> raw, encoded;
  std::vector<float> values, turned;
};

class Loader {
 public:
  Loader(Device& device, const WeightJob& job, const ByteSource& source) : job_(job), source_(source), buffers_(device.pool().threads()) {
    check_shape();
    out_ = device.at(TP_REGION_WEIGHTS, job.offset, job.bytes);
    source_row_bytes_ = row_bytes(job.source_dtype, job.source_columns);
    taken_row_bytes_ = row_bytes(job.source_dtype, taken_columns_);
    skipped_bytes_ = job.columns ? row_bytes(job.source_dtype, job.columns->first) : 0;
    row_bytes_ = row_bytes(job.dtype, columns_);
    matrix_bytes_ = matrix_bytes(job.dtype, job.layout, rows_, columns_);
    const int64_t groups = std::max<int64_t>(1, kChunkBytes / static_cast<int64_t>(row_bytes_) / kGroupRows);
    chunk_rows_ = job.transpose_heads > 0 ? rows_ : std::min(rows_, groups * kGroupRows);
    // Of a single run of rows only those; rows of several heads lie all over the tensor.
    const bool one_run = job.take && job.take->heads == 1;
    const uint64_t first = one_run ? job.take->first_row : 0, count = one_run ? job.take->rows : job.source_rows;
    source.expect(job.source_offset + first * source_row_bytes_, source_row_bytes_ * count);
  }

  int64_t chunks() const { return chunk_rows_ == 0 ? 0 : matrices_ * ceil_div(rows_, chunk_rows_); }

  uint64_t written() const { return written_.load(std::memory_order_relaxed); }

  void run(int64_t chunk, const Worker& worker) {
    const int64_t per_matrix = ceil_div(rows_, chunk_rows_);
    const int64_t matrix = chunk / per_matrix, first = chunk % per_matrix * chunk_rows_;
    const int64_t count = std::min(chunk_rows_, rows_ - first);
    // Groups take as many bytes as their rows, so this holds for both layouts.
    uint8_t* out = out_ + matrix * matrix_bytes_ + first * row_bytes_;
    Buffers& buffers = buffers_[worker.index];
    if (job_.transpose_heads > 0) {
      turn_head(matrix, buffers);
      store(buffers.encoded.data(), count, out);
    } else if (job_.dtype != job_.source_dtype) {
      read_rows(matrix * rows_ + first, count, buffers);
      convert(count, buffers);
      store(buffers.encoded.data(), count, out);
    } else if (job_.layout == Layout::rows) {
      read_rows_into(matrix * rows_ + first, count, out);
      check_scales(out, count, columns_, matrix * rows_ + first);
    } else {
      read_rows(matrix * rows_ + first, count, buffers);
      store(buffers.raw.data(), count, out);
    }
    const int64_t stored = job_.layout == Layout::rows ? count : ceil_div(count, kGroupRows) * kGroupRows;
    written_.fetch_add(static_cast<uint64_t>(stored) * row_bytes_, std::memory_order_relaxed);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw std::invalid_argument("weight " + job_.name + ": " + why); }

  // Sets matrices_, rows_ and columns_ of what is stored, and the rows that are taken.
  void check_shape() {
    if (job_.shape.empty()) refuse("it has no axes");
    for (const int64_t size : job_.shape)
      if (size < 0) refuse("an axis has a negative size");
    if (job_.source_columns <= 0 || job_.source_rows < 0) refuse("the source is empty");
    columns_ = job_.shape.back();
    rows_ = job_.shape.size() < 2 ? 1 : job_.shape[job_.shape.size() - 2];
    matrices_ = 1;
    for (size_t i = 0; i + 2 < job_.shape.size(); i++) matrices_ *= job_.shape[i];

    int64_t taken = job_.source_rows;
    if (job_.take) {
      const HeadRows& take = *job_.take;
      if (take.heads <= 0 || take.group_rows <= 0 || take.first_row < 0 || take.rows < 0 || take.first_row > take.group_rows ||
          take.rows > take.group_rows - take.first_row)
        refuse("the rows taken of each head aren't inside the head");
      if (job_.source_rows / take.heads != take.group_rows || job_.source_rows % take.heads != 0)
        refuse("the source has " + std::to_string(job_.source_rows) + " rows, not " + std::to_string(take.heads) + " heads of " +
               std::to_string(take.group_rows));
      taken = take.heads * take.rows;
    }
    taken_columns_ = job_.source_columns;
    if (job_.columns) {
      const ColumnRange& cut = *job_.columns;
      const int64_t block = format_of(job_.source_dtype).block;
      if (cut.first < 0 || cut.count <= 0 || cut.first > job_.source_columns || cut.count > job_.source_columns - cut.first)
        refuse("the columns taken aren't inside its rows of " + std::to_string(job_.source_columns));
      if (cut.first % block != 0 || cut.count % block != 0) refuse("its columns can't be cut inside a block of " + std::to_string(block));
      taken_columns_ = cut.count;
    }
    bool fits = taken == matrices_ * rows_ && taken_columns_ == columns_;
    if (job_.transpose_heads > 0) {
      if (taken % job_.transpose_heads != 0) refuse("its rows can't be divided among the heads");
      head_rows_ = taken / job_.transpose_heads;
      // [heads, head_rows, source columns] becomes [heads, source columns, head_rows]
      fits = matrices_ == job_.transpose_heads && rows_ == taken_columns_ && columns_ == head_rows_;
    }
    if (columns_ == 0) refuse("its rows are empty");
    if (!fits)
      refuse("its shape doesn't fit the " + std::to_string(taken) + " rows of " + std::to_string(taken_columns_) + " taken from the source");
    for (const auto& [dtype, columns] : {std::pair{job_.source_dtype, job_.source_columns}, std::pair{job_.dtype, columns_}}) {
      if (columns % format_of(dtype).block != 0)
        refuse("rows of " + std::to_string(columns) + " values can't be stored as " + format_of(dtype).name);
    }
    if (job_.layout == Layout::x16 && format_of(job_.dtype).pack_x16 == nullptr)
      refuse(std::string(format_of(job_.dtype).name) + " has no layout x16");
    const uint64_t bytes = static_cast<uint64_t>(matrices_) * matrix_bytes(job_.dtype, job_.layout, rows_, columns_);
    if (bytes != job_.bytes)
      refuse("it takes " + std::to_string(bytes) + " bytes, but " + std::to_string(job_.bytes) + " were planned");
  }

  // Reads the taken columns of taken rows [first, first + count), which may jump from head to head.
  void read_rows_into(int64_t first, int64_t count, uint8_t* into) const {
    while (count > 0) {
      int64_t source_row = first, run = count;
      if (job_.take) {
        const HeadRows& take = *job_.take;
        const int64_t head = first / take.rows, row = first % take.rows;
        source_row = head * take.group_rows + take.first_row + row;
        run = std::min(count, take.rows - row);
      }
      const uint64_t begin = job_.source_offset + static_cast<uint64_t>(source_row) * source_row_bytes_;
      if (job_.columns) {
        for (int64_t r = 0; r < run; r++)
          source_.read(begin + static_cast<uint64_t>(r) * source_row_bytes_ + skipped_bytes_, into + r * taken_row_bytes_, taken_row_bytes_);
      } else {
        source_.read(begin, into, run * source_row_bytes_);
      }
      into += run * taken_row_bytes_;
      first += run;
      count -= run;
    }
  }

  void read_rows(int64_t first, int64_t count, Buffers& buffers) const {
    buffers.raw.resize(count * taken_row_bytes_);
    read_rows_into(first, count, buffers.raw.data());
    check_scales(buffers.raw.data(), count, taken_columns_, first);
  }

  // A block whose scale isn't finite would turn every result into NaN, far from its cause.
  void check_scales(const uint8_t* rows, int64_t count, int64_t columns, int64_t first) const {
    const Format& format = format_of(job_.source_dtype);
    if (!format.quantised) return;
    const int64_t blocks = columns / format.block;
    for (int64_t b = 0; b < count * blocks; b++) {
      uint16_t scale;
      std::memcpy(&scale, rows + b * format.block_bytes, sizeof scale);
      if ((scale & 0x7c00) != 0x7c00) continue;
      throw std::runtime_error("weight " + job_.name + ": the scale of block " + std::to_string(b % blocks) + " in row " +
                               std::to_string(first + b / blocks) + " isn't finite: the file is damaged");
    }
  }

  void convert(int64_t count, Buffers& buffers) const {
    buffers.values.resize(columns_);
    buffers.encoded.resize(count * row_bytes_);
    for (int64_t r = 0; r < count; r++) {
      format_of(job_.source_dtype).decode_row(buffers.raw.data() + r * taken_row_bytes_, columns_, buffers.values.data());
      format_of(job_.dtype).encode_row(buffers.values.data(), columns_, buffers.encoded.data() + r * row_bytes_);
    }
  }

  // [head_rows, source columns] → [source columns, head_rows], encoded.
  void turn_head(int64_t head, Buffers& buffers) const {
    const int64_t wide = taken_columns_, high = head_rows_;
    read_rows(head * high, high, buffers);
    buffers.values.resize(wide * high);
    buffers.turned.resize(high);
    buffers.encoded.resize(rows_ * row_bytes_);
    for (int64_t r = 0; r < high; r++)
      format_of(job_.source_dtype).decode_row(buffers.raw.data() + r * taken_row_bytes_, wide, buffers.values.data() + r * wide);
    for (int64_t c = 0; c < wide; c++) {
      for (int64_t r = 0; r < high; r++) buffers.turned[r] = buffers.values[r * wide + c];
      format_of(job_.dtype).encode_row(buffers.turned.data(), high, buffers.encoded.data() + c * row_bytes_);
    }
  }

  // Whole groups, or the last rows of a matrix.
  void store(const uint8_t* rows, int64_t count, uint8_t* out) const {
    if (job_.layout == Layout::rows) {
      std::memcpy(out, rows, count * row_bytes_);
      return;
    }
    for (int64_t r = 0; r < count; r += kGroupRows) {
      const int in_group = static_cast<int>(std::min<int64_t>(kGroupRows, count - r));
      format_of(job_.dtype).pack_x16(rows + r * row_bytes_, row_bytes_, in_group, columns_, out + r * row_bytes_);
    }
  }

  const WeightJob& job_;
  const ByteSource& source_;
  std::vector<Buffers> buffers_;
  std::atomic<uint64_t> written_{0};
  uint8_t* out_ = nullptr;
  int64_t matrices_ = 0, rows_ = 0, columns_ = 0;  // of what is stored
  int64_t head_rows_ = 0, chunk_rows_ = 0, taken_columns_ = 0;
  uint64_t source_row_bytes_ = 0, taken_row_bytes_ = 0, skipped_bytes_ = 0, row_bytes_ = 0, matrix_bytes_ = 0;
};

}  // namespace

bool load_weight(Device& device, const WeightJob& job, const ByteSource& source, ThreadPool::Cancelled cancelled, const void* state) {
  Device::Session session(device, cancelled, state);
  Loader loader(device, job, source);
  const auto run = [](void* context, int, int64_t chunk, Worker& worker) { static_cast<Loader*>(context)->run(chunk, worker); };
  if (session.run({run, &loader, 0}, loader.chunks())) {
    device.count_loaded(loader.written());
    return true;
  }
  if (session.error().empty()) return false;
  throw std::runtime_error(session.error());
}

}  // namespace tensorplan
