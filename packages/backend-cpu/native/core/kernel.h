// What a CPU kernel is: a node of a split, compiled once, run every step in stages of chunks.
//
// A stage is a set of independent chunks; threads of the pool take chunks in any order, and a barrier stands between stages. What a chunk
// computes depends only on its number and the step's sizes, never on the number of threads, so results are the same bits for any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tensorplan/executor_api.h"

namespace tensorplan {

constexpr int kMaxRank = 4;
constexpr int64_t kPageRows = 64;  // rows of a cache page

// Element types and layouts by name, as plans spell them.
enum class DType : int32_t { f32, f16, bf16, i32, q8_0, iq4_nl };
enum class Layout : int32_t { rows, x16 };

// A symbolic size: Σ coefficient × Π symbols.
struct SizeTerm {
  int64_t coefficient;
  std::vector<int32_t> symbols;  // indexes into the step's symbol array
};
using SymbolicSize = std::vector<SizeTerm>;

// An operand as compiled. `present` is false for optional operands that the node doesn't have.
struct OperandDesc {
  bool present = false;
  tp_region region = TP_REGION_ARENA;
  uint64_t offset = 0;
  DType dtype = DType::f32;
  Layout layout = Layout::rows;
  std::vector<SymbolicSize> shape;
};

// An operand in a step: address and sizes, slowest axis first, dense.
struct Operand {
  uint8_t* data = nullptr;  // null when absent
  DType dtype = DType::f32;
  Layout layout = Layout::rows;
  int rank = 0;
  int64_t dim[kMaxRank] = {1, 1, 1, 1};

  int64_t last() const { return rank <= 0 ? 1 : dim[rank - 1]; }
  int64_t rows() const {  // product of all dims but the last
    int64_t n = 1;
    for (int i = 0; i + 1 < rank; i++) n *= dim[i];
    return n;
  }
  int64_t count() const { return rank <= 0 ? 1 : rows() * last(); }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

// Attributes of a node, flattened: numbers and booleans as doubles, strings as strings, nested objects with dotted names
// ("scaling.factor"). Axis sizes that attributes mention are given as "axis.<name>" numbers when they aren't symbolic.
struct Attributes {
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> strings;

  double number(const std::string& name, double otherwise) const {
    auto it = numbers.find(name);
    return it == numbers.end() ? otherwise : it->second;
  }
  std::string string(const std::string& name, const std::string& otherwise) const {
    auto it = strings.find(name);
    return it == strings.end() ? otherwise : it->second;
  }
};

struct NodeDesc {
  std::string id;      // the node's path, for messages
  std::string kernel;  // the row's name
  std::map<std::string, OperandDesc> inputs, outputs;
  Attributes attrs;
  uint64_t workspace_offset = 0, workspace_bytes = 0;  // in the arena; 0 bytes: none
};

// Memory of one worker thread, allocated when a program is compiled, 64-byte aligned; the size is the largest that any kernel asked for.
struct Worker {
  uint8_t* scratch;
  int index;  // only for thread-private scratch and counters, never for choosing work
};

// A node's operands bound to a step. `in`/`out` use the names of the IR's operation.
class Kernel {
 public:
  virtual ~Kernel() = default;
  // Bytes of thread scratch that `run` uses (the same for every step).
  virtual size_t scratch_bytes() const { return 0; }
  // Called by one thread at the start of a step, before any stage, with all operands resolved: keep pointers and sizes. No allocation.
  virtual void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) = 0;
  virtual int stages() const { return 1; }
  // Called by one thread when the stage begins (earlier stages are finished, so it may read data): number of chunks, 0 to skip it.
  virtual int64_t chunks(int stage) = 0;
  virtual void run(int stage, int64_t chunk, Worker& worker) = 0;
};

// Resolved lookup by position is what `bind` should use in hot code: kernels declare operand order once.
using KernelFactory = std::function<std::unique_ptr<Kernel>(const NodeDesc&)>;

// One entry per kernel row that JavaScript sees; `features` are the CPU features it needs (`avx512_vnni` …), all must be present.
struct KernelEntry {
  std::string name;
  std::vector<std::string> features;
  KernelFactory make;
};

// Each operation's folder defines `void register_<op>(KernelTable&)`; `ops/register_all.cc` calls them.
class KernelTable {
 public:
  void add(KernelEntry entry) { entries_.push_back(std::move(entry)); }
  const std::vector<KernelEntry>& entries() const { return entries_; }
  const KernelEntry* find(const std::string& name) const {
    for (const auto& e : entries_)
      if (e.name == name) return &e;
    return nullptr;
  }

 private:
  std::vector<KernelEntry> entries_;
};

}  // namespace tensorplan
