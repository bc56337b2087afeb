#include "core/cpu_features.h"

#include <algorithm>
#include <stdexcept>

namespace tensorplan {
namespace {

std::vector<std::string> detect() {
  std::vector<std::string> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  auto add = [&found](bool present, const char* name) {
    if (present) found.emplace_back(name);
  };
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("f16c"), "f16c");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vl"), "avx512vl");
  add(__builtin_cpu_supports("avx512dq"), "avx512dq");
  add(__builtin_cpu_supports("avx512vnni"), "avx512_vnni");
  add(__builtin_cpu_supports("avx512vbmi"), "avx512_vbmi");
  add(__builtin_cpu_supports("avx512bf16"), "avx512_bf16");
  add(__builtin_cpu_supports("avxvnni"), "avx_vnni");
#elif defined(__aarch64__)
  found.emplace_back("neon");
#endif
  return found;
}

}  // namespace

bool has_features(const std::vector<std::string>& features, const std::vector<std::string>& needed) {
  return std::all_of(needed.begin(), needed.end(), [&](const std::string& name) {
    return std::find(features.begin(), features.end(), name) != features.end();
  });
}

std::vector<std::string> cpu_features(const std::string& isa) {
  const std::vector<std::string> all = detect();
  if (isa.empty()) return all;
  if (isa == "generic") return {};
  if (isa != "avx2" && isa != "avx512")
    throw std::invalid_argument("unknown instruction set \"" + isa + "\": use generic, avx2 or avx512");
  const auto& needed = isa == "avx2" ? kAvx2Features : kAvx512Features;
  if (!has_features(all, needed)) throw std::invalid_argument("this CPU has no " + isa + ": use generic or leave it unset");
  if (isa == "avx512") return all;
  return kAvx2Features;
}

}  // namespace tensorplan
