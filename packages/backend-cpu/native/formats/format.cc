#include "formats/format.h"

#include <cstring>

namespace tensorplan {
namespace {
// In the order of DType.
const Format* const kFormats[] = {&kFormatF32, &kFormatF16, &kFormatBf16, &kFormatI32, &kFormatQ8_0, &kFormatIq4Nl};
}  // namespace

const Format& format_of(DType dtype) { return *kFormats[static_cast<int>(dtype)]; }

const Format* find_format(const char* name) {
  for (const Format* format : kFormats)
    if (std::strcmp(format->name, name) == 0) return format;
  return nullptr;
}

}  // namespace tensorplan
