// Elementwise operations: out[i] = f(a[i], b[i]; factor), in chunks of a fixed number of elements.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "ops/common/per_isa.h"

namespace tensorplan {

// `b` is null for operations of one operand. `n` elements; the arrays may be the same.
using MapFunction = void (*)(const float* a, const float* b, float* out, int64_t n, float factor);

class MapKernel final : public Kernel {
 public:
  MapKernel(MapFunction function, std::string a, std::string b, float factor)
      : function_(function), a_name_(std::move(a)), b_name_(std::move(b)), factor_(factor) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    a_ = operands.at(a_name_).as<const float>();
    b_ = b_name_.empty() ? nullptr : operands.at(b_name_).as<const float>();
    const Operand& out = operands.at("out");
    out_ = out.as<float>();
    count_ = out.count();
  }

  int64_t chunks(int) override { return (count_ + kChunk - 1) / kChunk; }

  void run(int, int64_t chunk, Worker&) override {
    const int64_t at = chunk * kChunk;
    function_(a_ + at, b_ ? b_ + at : nullptr, out_ + at, std::min(kChunk, count_ - at), factor_);
  }

 private:
  static constexpr int64_t kChunk = 16384;
  MapFunction function_;
  std::string a_name_, b_name_;
  float factor_;
  const float* a_ = nullptr;
  const float* b_ = nullptr;
  float* out_ = nullptr;
  int64_t count_ = 0;
};

inline void add_map_kernels(KernelTable& table, const std::string& op, const std::string& a, const std::string& b,
                            const PerIsa<MapFunction>& functions) {
  add_per_isa(table, op, functions, [=](MapFunction function, const NodeDesc& node) {
    return std::make_unique<MapKernel>(function, a, b, static_cast<float>(node.attrs.number("factor", 1)));
  });
}

}  // namespace tensorplan
