// What this CPU can do, and what TENSORPLAN_ISA lets us use of it.
#pragma once

#include <string>
#include <vector>

namespace tensorplan {

// Features that units of an instruction set are compiled for (cmake/KernelUnits.cmake): a kernel row that uses such a unit names all.
inline const std::vector<std::string> kAvx2Features = {"avx2", "fma", "f16c"};
inline const std::vector<std::string> kAvx512Features = {"avx2",     "fma",      "f16c",        "avx512f",    "avx512bw",
                                                         "avx512vl", "avx512dq", "avx512_vnni", "avx512_vbmi"};

// Names as in /proc/cpuinfo. `isa` is "" (all), "generic", "avx2" or "avx512"; throws std::invalid_argument for anything else and for
// an instruction set that this CPU lacks.
std::vector<std::string> cpu_features(const std::string& isa);

// Whether all of `needed` are among `features`.
bool has_features(const std::vector<std::string>& features, const std::vector<std::string>& needed);

}  // namespace tensorplan
