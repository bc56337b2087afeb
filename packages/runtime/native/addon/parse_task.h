// Tasks as src/executor/nativeAddon.ts describes them. Throws Napi::Error for anything else.
#pragma once

#include <napi.h>

#include "executor/task.h"

namespace tensorplan::addon {

Task parse_task(const Napi::Value& value);
int64_t parse_integer(const Napi::Value& value, const char* what);
// The pointer inside an External that carries the tag.
void* open_external(const Napi::Value& value, uint64_t tag_low, uint64_t tag_high, const char* what);

}  // namespace tensorplan::addon
