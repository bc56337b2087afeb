#include "core/program.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/cpu_features.h"
#include "formats/format.h"

namespace tensorplan {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void run_kernel(void* context, int stage, int64_t chunk, Worker& worker) {
  static_cast<Kernel*>(context)->run(stage, chunk, worker);
}

int64_t evaluate(const SymbolicSize& size, const int64_t* symbols) {
  int64_t sum = 0;
  for (const SizeTerm& term : size) {
    int64_t product = term.coefficient;
    for (const int32_t symbol : term.symbols) {
      if (__builtin_mul_overflow(product, symbols[symbol], &product)) throw std::overflow_error("a size overflows");
    }
    if (__builtin_add_overflow(sum, product, &sum)) throw std::overflow_error("a size overflows");
  }
  if (sum < 0) throw std::invalid_argument("a size is negative");
  return sum;
}

uint64_t bytes_of(const Operand& operand) {
  const int64_t columns = operand.last();
  const int64_t rows = operand.rank < 2 ? 1 : operand.dim[operand.rank - 2];
  int64_t matrices = 1;
  for (int i = 0; i + 2 < operand.rank; i++) matrices *= operand.dim[i];
  return static_cast<uint64_t>(matrices) * matrix_bytes(operand.dtype, operand.layout, rows, columns);
}

int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Program::Program(Device& device, ProgramDesc desc)
    : device_(device), desc_(std::move(desc)), bound_symbols_(desc_.symbol_count), moments_(desc_.nodes.size() + 1) {
  size_t scratch = 0;
  for (const NodeDesc& node_desc : desc_.nodes) {
    auto node = std::make_unique<Node>();
    node->desc = node_desc;
    const KernelEntry* entry = device.kernels().find(node_desc.kernel);
    const std::string place = desc_.id + ", node " + node_desc.id + ": ";
    if (entry == nullptr) throw std::invalid_argument(place + "there is no kernel \"" + node_desc.kernel + "\"");
    if (!has_features(device.features(), entry->features)) {
      throw std::invalid_argument(place + "kernel " + entry->name + " needs " + join(entry->features) + "; this device has " +
                                  (device.features().empty() ? "none of them" : join(device.features())));
    }
    try {
      node->kernel = entry->make(node->desc);
    } catch (const std::exception& error) {
      throw std::invalid_argument(place + error.what());
    }
    scratch = std::max(scratch, node->kernel->scratch_bytes());
    for (const auto* side : {&node->desc.inputs, &node->desc.outputs}) {
      for (const auto& [name, operand] : *side) {
        if (!operand.present) continue;
        if (operand.shape.size() > static_cast<size_t>(kMaxRank))
          throw std::invalid_argument(place + "operand " + name + " has more than " + std::to_string(kMaxRank) + " axes");
        for (const auto& size : operand.shape)
          for (const auto& term : size)
            for (const int32_t symbol : term.symbols)
              if (symbol < 0 || static_cast<size_t>(symbol) >= desc_.symbol_count)
                throw std::invalid_argument(place + "operand " + name + " uses a symbol that the program doesn't have");
        node->bound.push_back({&operand, &node->operands[name]});
      }
    }
    nodes_.push_back(std::move(node));
  }
  device.pool().reserve_scratch(scratch);
}

void Program::bind_operand(const Node& node, const OperandDesc& desc, Operand& operand, const int64_t* symbols) const {
  operand.dtype = desc.dtype;
  operand.layout = desc.layout;
  operand.rank = static_cast<int>(desc.shape.size());
  for (int i = 0; i < kMaxRank; i++) operand.dim[i] = i < operand.rank ? evaluate(desc.shape[i], symbols) : 1;
  const int64_t block = format_of(desc.dtype).block;
  if (operand.last() % block != 0 && operand.rank > 0) {
    throw std::invalid_argument("node " + node.desc.id + ": a row of " + std::to_string(operand.last()) + " values isn't whole blocks of " +
                                format_of(desc.dtype).name);
  }
  operand.data = device_.at(desc.region, desc.offset, bytes_of(operand));
}

void Program::bind(Node& node, const int64_t* symbols) {
  for (const BoundOperand& each : node.bound) bind_operand(node, *each.desc, *each.operand, symbols);
  uint8_t* workspace = nullptr;
  if (node.desc.workspace_bytes > 0) workspace = device_.at(TP_REGION_ARENA, node.desc.workspace_offset, node.desc.workspace_bytes);
  node.kernel->bind(node.operands, workspace);
}

void Program::bind_all(const int64_t* symbols) {
  if (is_bound_ && bound_layout_ == device_.layout_version() && std::equal(bound_symbols_.begin(), bound_symbols_.end(), symbols)) return;
  is_bound_ = false;
  for (const auto& node : nodes_) bind(*node, symbols);
  std::copy_n(symbols, bound_symbols_.size(), bound_symbols_.begin());
  bound_layout_ = device_.layout_version();
  is_bound_ = true;
}

std::vector<int64_t> Program::moments() const {
  std::vector<int64_t> copy;
  for (const auto& moment : moments_) copy.push_back(moment.load(std::memory_order_relaxed));
  return copy;
}

tp_status Program::run(const int64_t* symbols, size_t symbol_count, ThreadPool::Cancelled cancelled, const void* state,
                       std::string& message) {
  if (symbol_count != desc_.symbol_count) {
    message = desc_.id + ": " + std::to_string(symbol_count) + " symbols given, the program has " + std::to_string(desc_.symbol_count);
    return TP_FAILED;
  }
  if (device_.closing()) {
    message = desc_.id + ": its device is disposed of";
    return TP_FAILED;
  }
  Device::Session session(device_, cancelled, state);
  const Node* current = nullptr;
  try {
    bind_all(symbols);
    std::atomic<int64_t>* moment = timing_.load(std::memory_order_relaxed) ? moments_.data() : nullptr;
    if (moment != nullptr) moment++->store(monotonic_ns(), std::memory_order_relaxed);
    for (const auto& node : nodes_) {
      current = node.get();
      Kernel* kernel = node->kernel.get();
      const int stages = kernel->stages();
      for (int stage = 0; stage < stages; stage++) {
        if (session.run({run_kernel, kernel, stage}, kernel->chunks(stage))) continue;
        if (session.error().empty()) return TP_CANCELLED;
        message = desc_.id + ", node " + node->desc.id + ": " + session.error();
        return TP_FAILED;
      }
      if (moment != nullptr) moment++->store(monotonic_ns(), std::memory_order_relaxed);
    }
  } catch (const std::exception& error) {
    message = desc_.id + (current != nullptr ? ", node " + current->desc.id : "") + ": " + error.what();
    return TP_FAILED;
  }
  device_.count_run();
  return TP_OK;
}

}  // namespace tensorplan
