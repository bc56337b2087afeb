// A split compiled to kernels and a flat list of stages.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/kernel.h"

namespace tensorplan {

struct ProgramDesc {
  std::string id;
  size_t symbol_count = 0;
  std::vector<NodeDesc> nodes;
};

class Program {
 public:
  // Throws std::invalid_argument, naming the node, if a kernel is unknown, needs features that the device lacks or refuses the node.
  // `device` must outlive the program.
  Program(Device& device, ProgramDesc desc);

  // Runs all nodes. `message` gets the reason when the status is TP_FAILED. Allocates nothing unless it fails.
  tp_status run(const int64_t* symbols, size_t symbol_count, ThreadPool::Cancelled cancelled, const void* state, std::string& message);

  // Timing of later runs, off at first. A run that is timed writes one moment before its first node and one after each node.
  void set_timing(bool on) { timing_.store(on, std::memory_order_relaxed); }
  // Nanoseconds of the monotonic clock (Node's `process.hrtime`): node i of the latest timed run ran from moment i to moment i + 1. Zeros
  // before the first one; a mixture while one runs.
  std::vector<int64_t> moments() const;

  Device& device() { return device_; }

 private:
  struct BoundOperand {
    const OperandDesc* desc;
    Operand* operand;  // in the node's map
  };
  struct Node {
    NodeDesc desc;
    std::unique_ptr<Kernel> kernel;
    std::map<std::string, Operand> operands;
    std::vector<BoundOperand> bound;
  };

  void bind_all(const int64_t* symbols);
  void bind(Node& node, const int64_t* symbols);
  void bind_operand(const Node& node, const OperandDesc& desc, Operand& operand, const int64_t* symbols) const;

  Device& device_;
  const ProgramDesc desc_;
  std::vector<std::unique_ptr<Node>> nodes_;
  // What the kernels are bound to now; steps of the same sizes needn't bind again.
  std::vector<int64_t> bound_symbols_;
  uint64_t bound_layout_ = 0;
  bool is_bound_ = false;
  std::atomic<bool> timing_{false};
  std::vector<std::atomic<int64_t>> moments_;
};

}  // namespace tensorplan
