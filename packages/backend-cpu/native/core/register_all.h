// All kernels of this build.
#pragma once

#include "core/kernel.h"

namespace tensorplan {
void register_all(KernelTable& table);
}
