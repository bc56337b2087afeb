// Division and rounding of sizes.
#pragma once

#include <cstdint>

namespace tensorplan {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t n, int64_t to) { return ceil_div(n, to) * to; }

}  // namespace tensorplan
