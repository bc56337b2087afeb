// Sizes that must be known when a program is compiled.
#pragma once

#include <stdexcept>
#include <string>

#include "core/kernel.h"

namespace tensorplan {

// Size of an axis of an input; `axis` counts from the slowest, negative from the end. Throws where it isn't constant.
inline int64_t fixed_axis_size(const NodeDesc& node, const std::string& name, int axis) {
  const auto it = node.inputs.find(name);
  if (it == node.inputs.end() || !it->second.present) throw std::invalid_argument(node.id + ": operand '" + name + "' is missing");
  const auto& shape = it->second.shape;
  const int index = axis < 0 ? static_cast<int>(shape.size()) + axis : axis;
  if (index < 0 || index >= static_cast<int>(shape.size()))
    throw std::invalid_argument(node.id + ": operand '" + name + "' has too few axes");
  const SymbolicSize& size = shape[static_cast<size_t>(index)];
  if (size.size() != 1 || !size[0].symbols.empty())
    throw std::invalid_argument(node.id + ": axis " + std::to_string(index) + " of '" + name + "' must have a constant size");
  return size[0].coefficient;
}

}  // namespace tensorplan
