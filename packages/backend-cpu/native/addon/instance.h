// What one Node environment (the main thread, or a worker) keeps of this add-on.
#pragma once

#include <napi.h>

namespace tensorplan::addon {

struct Instance {
  Napi::FunctionReference program_class;
};

}  // namespace tensorplan::addon
