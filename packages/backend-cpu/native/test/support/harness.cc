#include "test/harness.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/cpu_features.h"
#include "core/register_all.h"
#include "formats/format.h"
#include "test/allocations.h"

#if defined(__SANITIZE_THREAD__)
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif

namespace tensorplan::test {
namespace {

// While it lives, the checker of threads doesn't watch this one: making values, filling a run's memory and comparing it would take most
// of its time, and happen while no other thread runs.
class Unwatched {
 public:
#if defined(__SANITIZE_THREAD__)
  Unwatched() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__), AnnotateIgnoreWritesBegin(__FILE__, __LINE__); }
  ~Unwatched() { AnnotateIgnoreWritesEnd(__FILE__, __LINE__), AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
#else
  Unwatched() {}
#endif
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};

constexpr uint8_t kGuard = 0xa5;
constexpr uint64_t kGuardBytes = 128;

const std::vector<std::string>& features() {
  static const std::vector<std::string> found = [] {
    const char* isa = std::getenv("TENSORPLAN_ISA");
    return cpu_features(isa == nullptr ? "" : isa);
  }();
  return found;
}

const KernelTable& kernels() {
  static const KernelTable table = all_kernels();
  return table;
}

int64_t count(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  return n;
}

int64_t columns_of(const std::vector<int64_t>& shape) { return shape.empty() ? 1 : shape.back(); }

int64_t rows_of(const std::vector<int64_t>& shape) { return columns_of(shape) == 0 ? 0 : count(shape) / columns_of(shape); }

struct Encoded {
  DType dtype;
  int64_t columns;
  std::vector<float> values;
  std::vector<uint8_t> rows;
};

// Tests give the same values to one kernel after another, and encoding them takes longer than most kernels run.
constexpr size_t kKeptBytes = size_t{64} << 20;

std::vector<uint8_t> encode(DType dtype, const std::vector<int64_t>& shape, const std::vector<float>& values) {
  const Unwatched unwatched;
  if (static_cast<int64_t>(values.size()) != count(shape)) throw std::invalid_argument("the values don't fill the shape");
  static std::deque<Encoded> kept;
  static size_t kept_bytes = 0;
  const auto size_of = [](const Encoded& each) { return each.values.size() * sizeof(float) + each.rows.size(); };
  const int64_t columns = columns_of(shape), rows = rows_of(shape);
  for (const Encoded& each : kept) {
    if (each.dtype != dtype || each.columns != columns || each.values.size() != values.size()) continue;
    if (std::memcmp(each.values.data(), values.data(), values.size() * sizeof(float)) == 0) return each.rows;
  }
  const size_t bytes = row_bytes(dtype, columns);
  std::vector<uint8_t> out(bytes * rows);
  for (int64_t r = 0; r < rows; r++) format_of(dtype).encode_row(values.data() + r * columns, columns, out.data() + r * bytes);
  kept.push_back({dtype, columns, values, out});
  kept_bytes += size_of(kept.back());
  for (; kept_bytes > kKeptBytes; kept.pop_front()) kept_bytes -= size_of(kept.front());
  return out;
}

std::vector<float> decode(DType dtype, const std::vector<int64_t>& shape, const std::vector<uint8_t>& rows) {
  const Unwatched unwatched;
  const int64_t columns = columns_of(shape), n = rows_of(shape);
  const size_t bytes = row_bytes(dtype, columns);
  std::vector<float> out(count(shape));
  for (int64_t r = 0; r < n; r++) format_of(dtype).decode_row(rows.data() + r * bytes, columns, out.data() + r * columns);
  return out;
}

std::vector<uint8_t> lay_out(DType dtype, Layout layout, const std::vector<int64_t>& shape, const std::vector<uint8_t>& rows) {
  const Unwatched unwatched;
  if (layout == Layout::rows) return rows;
  const int64_t columns = columns_of(shape), matrix_rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  const int64_t matrices = matrix_rows == 0 ? 0 : rows_of(shape) / matrix_rows;
  const size_t stride = row_bytes(dtype, columns);
  std::vector<uint8_t> out(matrices * matrix_bytes(dtype, layout, matrix_rows, columns));
  uint8_t* group = out.data();
  for (int64_t m = 0; m < matrices; m++) {
    for (int64_t first = 0; first < matrix_rows; first += kGroupRows, group += stride * kGroupRows) {
      const int n = static_cast<int>(std::min<int64_t>(kGroupRows, matrix_rows - first));
      format_of(dtype).pack_x16(rows.data() + (m * matrix_rows + first) * stride, stride, n, columns, group);
    }
  }
  return out;
}

uint64_t round_up(uint64_t n) { return (n + 63) / 64 * 64; }

}  // namespace

std::vector<float> Rng::uniform(int64_t n, float low, float high) {
  const Unwatched unwatched;
  std::vector<float> out(n);
  for (float& x : out) x = low + (high - low) * unit();
  return out;
}

std::vector<float> Rng::normal(int64_t n, float deviation) {
  const Unwatched unwatched;
  std::vector<float> out(n);
  // The sum of twelve uniform values is near enough to normal, and the same on every machine.
  for (float& x : out) {
    float sum = -6;
    for (int i = 0; i < 12; i++) sum += unit();
    x = sum * deviation;
  }
  return out;
}

std::vector<int32_t> Rng::ints(int64_t n, int32_t low, int32_t high) {
  const Unwatched unwatched;
  std::vector<int32_t> out(n);
  for (int32_t& x : out) x = low + static_cast<int32_t>(engine_() % static_cast<uint64_t>(high - low));
  return out;
}

KernelRun::KernelRun(std::string kernel) {
  node_.id = "test";
  node_.kernel = std::move(kernel);
}

bool KernelRun::available() const {
  const KernelEntry* entry = kernels().find(node_.kernel);
  if (entry == nullptr) throw std::invalid_argument("there is no kernel \"" + node_.kernel + "\"");
  if (has_features(features(), entry->features)) return true;
  std::printf("     (skipped: this CPU can't run %s)\n", node_.kernel.c_str());
  return false;
}

void KernelRun::add(const std::string& name, Item item) {
  if (item.bytes.empty()) item.bytes = lay_out(item.dtype, item.layout, item.shape, item.rows);
  items_[name] = std::move(item);
}

void KernelRun::input(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  auto rows = encode(DType::f32, shape, values);
  add(name, {TP_REGION_ARENA, DType::f32, Layout::rows, std::move(shape), std::move(rows), {}, {}});
}

void KernelRun::ints(const std::string& name, std::vector<int64_t> shape, const std::vector<int32_t>& values) {
  if (static_cast<int64_t>(values.size()) != count(shape)) throw std::invalid_argument("the values don't fill the shape of " + name);
  std::vector<uint8_t> rows(values.size() * sizeof(int32_t));
  std::memcpy(rows.data(), values.data(), rows.size());
  add(name, {TP_REGION_INPUTS, DType::i32, Layout::rows, std::move(shape), std::move(rows), {}, {}});
}

void KernelRun::weight(const std::string& name, DType dtype, Layout layout, std::vector<int64_t> shape, const std::vector<float>& values) {
  auto rows = encode(dtype, shape, values);
  encoded_weight(name, dtype, layout, std::move(shape), rows);
}

void KernelRun::encoded_weight(const std::string& name, DType dtype, Layout layout, std::vector<int64_t> shape,
                               const std::vector<uint8_t>& rows) {
  if (rows.size() != row_bytes(dtype, columns_of(shape)) * rows_of(shape)) throw std::invalid_argument("wrong number of bytes for " + name);
  add(name, {TP_REGION_WEIGHTS, dtype, layout, std::move(shape), rows, {}, {}});
}

void KernelRun::state(const std::string& name, DType dtype, std::vector<int64_t> shape, const std::vector<float>& values) {
  auto rows = encode(dtype, shape, values);
  add(name, {TP_REGION_STATES, dtype, Layout::rows, std::move(shape), std::move(rows), {}, {}});
}

void KernelRun::output(const std::string& name, std::vector<int64_t> shape, DType dtype) {
  std::vector<uint8_t> rows(row_bytes(dtype, columns_of(shape)) * rows_of(shape), 0xff);  // NaN as f32, -1 as i32
  Item item{TP_REGION_ARENA, dtype, Layout::rows, std::move(shape), std::move(rows), {}, {}};
  item.is_output = item.may_change = true;
  add(name, std::move(item));
}

void KernelRun::alias(const std::string& output, const std::string& input) {
  items_.at(input).may_change = true;
  aliases_[output] = input;
}

OperandDesc KernelRun::describe(const Item& item) const {
  OperandDesc desc{true, item.region, item.offset, item.dtype, item.layout, {}};
  for (const int64_t size : item.shape) desc.shape.push_back({SizeTerm{size, {}}});
  return desc;
}

const KernelRun::Item& KernelRun::item(const std::string& name) const {
  auto it = aliases_.find(name);
  return items_.at(it == aliases_.end() ? name : it->second);
}

void KernelRun::run(int threads) {
  Device device(kCheckedThreads > 0 ? kCheckedThreads : threads, features());
  uint64_t ends[kRegions] = {kGuardBytes, kGuardBytes, kGuardBytes, kGuardBytes};
  for (auto& [name, item] : items_) {
    item.offset = ends[item.region];
    ends[item.region] = round_up(item.offset + item.bytes.size()) + kGuardBytes;
  }
  if (node_.workspace_bytes > 0) {
    node_.workspace_offset = ends[TP_REGION_ARENA];
    ends[TP_REGION_ARENA] = round_up(node_.workspace_offset + node_.workspace_bytes) + kGuardBytes;
  }
  std::vector<uint8_t> expected[kRegions];
  fill(device, ends, expected);

  node_.inputs.clear();
  node_.outputs.clear();
  for (auto& [name, item] : items_) (item.is_output ? node_.outputs : node_.inputs)[name] = describe(item);
  for (auto& [output, input] : aliases_) node_.outputs[output] = describe(items_.at(input));
  Program program(device, {"test", 0, {node_}});
  std::string message;
  const int64_t allocated_before = allocations();
  const tp_status status = program.run(nullptr, 0, nullptr, nullptr, message);
  const int64_t allocated = allocations() - allocated_before;
  if (status != TP_OK) throw std::runtime_error(message);
  if (allocated > 0) throw std::runtime_error(node_.kernel + " allocated memory " + std::to_string(allocated) + " times in a step");

  take_and_compare(device, ends, expected);
}

void KernelRun::fill(Device& device, const uint64_t (&ends)[kRegions], std::vector<uint8_t> (&expected)[kRegions]) const {
  const Unwatched unwatched;
  for (int r = 0; r < kRegions; r++) expected[r].assign(ends[r], kGuard);
  for (auto& [name, item] : items_) std::copy(item.bytes.begin(), item.bytes.end(), expected[item.region].begin() + item.offset);
  std::memset(expected[TP_REGION_ARENA].data() + node_.workspace_offset, 0xff, node_.workspace_bytes);
  for (int r = 0; r < kRegions; r++) {
    device.allocate(static_cast<tp_region>(r), ends[r]);
    device.write(static_cast<tp_region>(r), 0, expected[r].data(), ends[r]);
  }
}

void KernelRun::take_and_compare(Device& device, const uint64_t (&ends)[kRegions], const std::vector<uint8_t> (&expected)[kRegions]) {
  const Unwatched unwatched;
  // What may have changed is put back where it lies, so that each region can be compared as a whole.
  const auto start = [&](int region) { return device.at(static_cast<tp_region>(region), 0, ends[region]); };
  for (auto& [name, item] : items_) {
    uint8_t* from = start(item.region) + item.offset;
    item.after.assign(from, from + item.bytes.size());
    if (item.may_change) std::copy(item.bytes.begin(), item.bytes.end(), from);
  }
  std::memset(start(TP_REGION_ARENA) + node_.workspace_offset, 0xff, node_.workspace_bytes);
  for (int r = 0; r < kRegions; r++) {
    if (std::memcmp(start(r), expected[r].data(), ends[r]) != 0) fail_at_first_difference(r, start(r), expected[r]);
  }
}

void KernelRun::fail_at_first_difference(int region, const uint8_t* after, const std::vector<uint8_t>& expected) const {
  const auto at = std::mismatch(expected.begin(), expected.end(), after).first - expected.begin();
  std::string nearest = "nothing";
  int64_t distance = std::numeric_limits<int64_t>::max();
  for (const auto& [name, item] : items_) {
    const int64_t away = at - static_cast<int64_t>(item.offset);
    if (item.region == region && std::abs(away) < std::abs(distance)) nearest = name, distance = away;
  }
  throw std::runtime_error(node_.kernel + " wrote outside its outputs: region " + region_name(static_cast<tp_region>(region)) + ", byte " +
                           std::to_string(distance) + " from the start of " + nearest);
}

std::vector<float> KernelRun::floats(const std::string& name) const {
  const Item& found = item(name);
  if (found.layout != Layout::rows) throw std::invalid_argument(name + " isn't stored in rows");
  return decode(found.dtype, found.shape, found.after);
}

std::vector<int32_t> KernelRun::ints_of(const std::string& name) const {
  const Item& found = item(name);
  std::vector<int32_t> out(found.after.size() / sizeof(int32_t));
  std::memcpy(out.data(), found.after.data(), found.after.size());
  return out;
}

std::vector<float> KernelRun::decoded(const std::string& name) const {
  const Item& found = item(name);
  return decode(found.dtype, found.shape, found.rows);
}

std::vector<std::string> kernels_of(const std::string& op) {
  std::vector<std::string> names;
  const std::string prefix = op + ".";
  for (const KernelEntry& entry : kernels().entries())
    if (entry.name.rfind(prefix, 0) == 0 && has_features(features(), entry.features)) names.push_back(entry.name);
  return names;
}

void expect_close_at(const std::vector<float>& actual, const std::vector<float>& expected, Tolerance tolerance, const char* file, int line) {
  if (actual.size() != expected.size()) {
    fail(file, line, std::to_string(actual.size()) + " values, expected " + std::to_string(expected.size()));
    return;
  }
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < actual.size(); i++) {
    const double a = actual[i], b = expected[i];
    if (a == b) continue;
    double excess = std::fabs(a - b) / std::max(tolerance.absolute + tolerance.relative * std::fabs(b), 1e-300);
    if (std::isnan(a) || std::isnan(b)) excess = std::isnan(a) && std::isnan(b) ? 0 : std::numeric_limits<double>::infinity();
    if (excess > worst) worst = excess, at = i;
  }
  if (worst <= 1) return;
  std::ostringstream out;
  out.precision(9);
  out << "worst at [" << at << "]: " << actual[at] << ", expected " << expected[at] << ", " << worst << " × the tolerance (absolute "
      << tolerance.absolute << ", relative " << tolerance.relative << ")";
  fail(file, line, out.str());
}

void expect_same_bits_at(const std::vector<float>& a, const std::vector<float>& b, const char* file, int line) {
  const Unwatched unwatched;
  if (a.size() != b.size()) {
    fail(file, line, std::to_string(a.size()) + " values against " + std::to_string(b.size()));
    return;
  }
  for (size_t i = 0; i < a.size(); i++) {
    if (std::memcmp(&a[i], &b[i], sizeof(float)) == 0) continue;
    std::ostringstream out;
    out.precision(9);
    out << "bits differ at [" << i << "]: " << a[i] << " and " << b[i];
    fail(file, line, out.str());
    return;
  }
}

}  // namespace tensorplan::test
