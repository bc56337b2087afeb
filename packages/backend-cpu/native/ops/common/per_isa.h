// The same function compiled for several instruction sets, and its registration as one kernel row for each.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/cpu_features.h"
#include "core/kernel.h"

namespace tensorplan {

// Null where this build has no such unit.
template <class F>
struct PerIsa {
  F generic, avx2, avx512;
};

#if defined(__x86_64__)
#define TP_PER_ISA(name) {name##_generic, name##_avx2, name##_avx512}
#define TP_PER_ISA_ADDRESS(name) {&name##_generic, &name##_avx2, &name##_avx512}
#else
#define TP_PER_ISA(name) {name##_generic, nullptr, nullptr}
#define TP_PER_ISA_ADDRESS(name) {&name##_generic, nullptr, nullptr}
#endif

// Adds `<name>.avx512`, `<name>.avx2` and `<name>.generic`; `make(function, node)` returns the kernel.
template <class F, class Make>
void add_per_isa(KernelTable& table, const std::string& name, const PerIsa<F>& functions, Make make) {
  const auto add = [&](const char* isa, const std::vector<std::string>& features, F function) {
    if (!function) return;
    table.add({name + "." + isa, features,
               [=](const NodeDesc& node) -> std::unique_ptr<Kernel> { return make(function, node); }});
  };
  add("avx512", kAvx512Features, functions.avx512);
  add("avx2", kAvx2Features, functions.avx2);
  add("generic", {}, functions.generic);
}

}  // namespace tensorplan
