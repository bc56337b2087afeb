// A part of an axis, as attributes name it: `<name>.start` and `<name>.size`.
#pragma once

#include <string>

#include "core/kernel.h"

namespace tensorplan {

struct Part {
  int64_t start = 0, size = -1;  // size −1: the attribute isn't there
  bool present() const { return size >= 0; }
};

inline Part part_of(const Attributes& attrs, const std::string& name) {
  return {static_cast<int64_t>(attrs.number(name + ".start", 0)), static_cast<int64_t>(attrs.number(name + ".size", -1))};
}

}  // namespace tensorplan
