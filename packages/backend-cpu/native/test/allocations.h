// A test executable that calls this counts all its C++ allocations.
#pragma once

#include <cstdint>

namespace tensorplan::test {
int64_t allocations();
}
