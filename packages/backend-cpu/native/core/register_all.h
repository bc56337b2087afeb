// All kernels of this build.
#pragma once

#include "core/kernel.h"

namespace tensorplan {

void register_all(KernelTable& table);

inline KernelTable all_kernels() {
  KernelTable table;
  register_all(table);
  return table;
}

}  // namespace tensorplan
