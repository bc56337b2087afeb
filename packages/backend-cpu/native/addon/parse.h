// Plain JavaScript objects, as src/nativeTypes.ts describes them, to C++ values. Throws Napi::Error for anything else.
#pragma once

#include <napi.h>

#include <string>

#include "core/program.h"
#include "core/weight_loader.h"

namespace tensorplan::addon {

tp_region parse_region(const Napi::Value& value);
ProgramDesc parse_program(const Napi::Object& object);
WeightJob parse_weight(const Napi::Object& object);

// A whole number that a double holds exactly.
int64_t parse_integer(const Napi::Value& value, const char* what);

}  // namespace tensorplan::addon
