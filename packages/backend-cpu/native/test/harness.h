// Runs one kernel by name on operands given as vectors, through the same Program that JavaScript uses. Guard bytes stand around every
// operand and are checked after each run; outputs and the workspace start as NaNs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/program.h"
#include "test/check.h"

namespace tensorplan::test {

// Random values that are the same everywhere: std's distributions differ between libraries.
class Rng {
 public:
  explicit Rng(uint64_t seed) : engine_(seed) {}
  float unit() { return static_cast<float>(engine_() >> 40) * 0x1p-24f; }  // [0, 1)
  std::vector<float> uniform(int64_t n, float low, float high);
  std::vector<float> normal(int64_t n, float deviation = 1);
  std::vector<int32_t> ints(int64_t n, int32_t low, int32_t high);  // low ≤ i < high

 private:
  std::mt19937_64 engine_;
};

class KernelRun {
 public:
  explicit KernelRun(std::string kernel);

  // False if this CPU (or TENSORPLAN_ISA) lacks the kernel's features; says so on stdout.
  bool available() const;

  void input(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values);
  void ints(const std::string& name, std::vector<int64_t> shape, const std::vector<int32_t>& values);
  // `values` are encoded to `dtype` row by row, then laid out.
  void weight(const std::string& name, DType dtype, Layout layout, std::vector<int64_t> shape, const std::vector<float>& values);
  // Rows already encoded in the file's form.
  void encoded_weight(const std::string& name, DType dtype, Layout layout, std::vector<int64_t> shape, const std::vector<uint8_t>& rows);
  void state(const std::string& name, DType dtype, std::vector<int64_t> shape, const std::vector<float>& values);
  void output(const std::string& name, std::vector<int64_t> shape, DType dtype = DType::f32);
  // An output that lies where the input does.
  void alias(const std::string& output, const std::string& input);

  void attr(const std::string& name, double value) { node_.attrs.numbers[name] = value; }
  void attr(const std::string& name, int64_t value) { attr(name, static_cast<double>(value)); }
  void attr(const std::string& name, int value) { attr(name, static_cast<double>(value)); }
  void attr(const std::string& name, bool value) { attr(name, value ? 1.0 : 0.0); }
  void attr(const std::string& name, const char* value) { node_.attrs.strings[name] = value; }
  void attr(const std::string& name, const std::string& value) { node_.attrs.strings[name] = value; }
  void axis(const std::string& name, int64_t size) { attr("axis." + name, size); }
  void workspace(int64_t bytes) { node_.workspace_bytes = static_cast<uint64_t>(bytes); }

  // With `threads` threads, but under a checker with kCheckedThreads. Throws std::runtime_error if the kernel refuses or fails, or if a
  // guard byte or an input was overwritten.
  void run(int threads = 1);

  std::vector<float> floats(const std::string& name) const;      // decoded
  std::vector<int32_t> ints_of(const std::string& name) const;
  std::vector<float> decoded(const std::string& name) const;     // what the kernel was given, as f32, in file order

 private:
  struct Item {
    tp_region region;
    DType dtype;
    Layout layout;
    std::vector<int64_t> shape;
    std::vector<uint8_t> rows;   // in file order, before the run
    std::vector<uint8_t> bytes;  // as laid out, before the run
    std::vector<uint8_t> after;
    bool is_output = false, may_change = false;
    uint64_t offset = 0;
  };

  void add(const std::string& name, Item item);
  OperandDesc describe(const Item& item) const;
  const Item& item(const std::string& name) const;
  void fill(Device& device, const uint64_t (&ends)[kRegions], std::vector<uint8_t> (&expected)[kRegions]) const;
  void take_and_compare(Device& device, const uint64_t (&ends)[kRegions], const std::vector<uint8_t> (&expected)[kRegions]);
  [[noreturn]] void fail_at_first_difference(int region, const uint8_t* after, const std::vector<uint8_t>& expected) const;

  NodeDesc node_;
  std::map<std::string, Item> items_;
  std::map<std::string, std::string> aliases_;
};

// Numbers of threads to compare with one thread's bits. Under a checker every run costs ten times as much, and the chunks of work are the
// same for any number of threads: there each case runs once, with few enough threads for a small machine (0: as many as the test asks for).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCheckedThreads = 3;
inline const std::vector<int> kMoreThreads;
#else
constexpr int kCheckedThreads = 0;
inline const std::vector<int> kMoreThreads = {2, 3, 5, 7};
#endif

// Names of the kernels of an operation ("op." or "op") that this CPU can run, best first as registered.
std::vector<std::string> kernels_of(const std::string& op);

struct Tolerance {
  double absolute = 0;
  double relative = 0;
};

// Fails the test with the worst index and both values unless |a − b| ≤ absolute + relative·|b| everywhere.
void expect_close_at(const std::vector<float>& actual, const std::vector<float>& expected, Tolerance tolerance, const char* file, int line);
void expect_same_bits_at(const std::vector<float>& a, const std::vector<float>& b, const char* file, int line);

#define expect_close(actual, expected, ...) \
  ::tensorplan::test::expect_close_at((actual), (expected), ::tensorplan::test::Tolerance __VA_ARGS__, __FILE__, __LINE__)
#define expect_same_bits(a, b) ::tensorplan::test::expect_same_bits_at((a), (b), __FILE__, __LINE__)

}  // namespace tensorplan::test
