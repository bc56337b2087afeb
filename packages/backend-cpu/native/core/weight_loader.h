// Reads a weight, takes from it what the model wants, and stores it in a device's weights region in the plan's layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/byte_source.h"
#include "core/device.h"

namespace tensorplan {

// Of a matrix whose rows are `heads` groups of `group_rows`, rows [first_row, first_row + rows) of each group.
struct HeadRows {
  int64_t heads, group_rows, first_row, rows;
};

// Of every row, the elements [first, first + count): whole blocks of the stored type.
struct ColumnRange {
  int64_t first, count;
};

struct WeightJob {
  std::string name;
  // The tensor as stored: rows of its fastest axis.
  DType source_dtype = DType::f32;
  int64_t source_rows = 0, source_columns = 0;
  uint64_t source_offset = 0;
  // What is taken of it: all rows, or some of each head's.
  std::optional<HeadRows> take;
  // And of those rows: all columns, or some.
  std::optional<ColumnRange> columns;
  // Not 0: each of so many heads' matrices is transposed after that.
  int64_t transpose_heads = 0;
  // What is stored. Values are converted when `dtype` isn't the source's.
  DType dtype = DType::f32;
  Layout layout = Layout::rows;
  std::vector<int64_t> shape;
  uint64_t offset = 0, bytes = 0;
  // Left in its file: see weight_map.h.
  bool mapped = false;
};

// Works on the device's pool; other work on it waits. Throws std::invalid_argument for a job that contradicts itself, and
// std::runtime_error for one that can't be read or that has a block scale which isn't finite. False if cancelled.
bool load_weight(Device& device, const WeightJob& job, const ByteSource& source, ThreadPool::Cancelled cancelled, const void* state);

}  // namespace tensorplan
