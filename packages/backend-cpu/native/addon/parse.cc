#include "addon/parse.h"

#include <cmath>

#include "formats/format.h"

namespace tensorplan::addon {
namespace {

[[noreturn]] void refuse(Napi::Env env, const std::string& message) { throw Napi::TypeError::New(env, message); }

std::string text(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) refuse(object.Env(), std::string(name) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

int64_t integer(const Napi::Object& object, const char* name) { return parse_integer(object.Get(name), name); }

Napi::Object object_in(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsObject()) refuse(object.Env(), std::string(name) + " must be an object");
  return value.As<Napi::Object>();
}

Napi::Array array_in(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray()) refuse(object.Env(), std::string(name) + " must be an array");
  return value.As<Napi::Array>();
}

DType dtype_in(const Napi::Object& object, const char* name) {
  const std::string spelled = text(object, name);
  const Format* format = find_format(spelled.c_str());
  if (format == nullptr) refuse(object.Env(), "unknown element type " + spelled);
  return format->dtype;
}

Layout layout_in(const Napi::Object& object) {
  const std::string spelled = text(object, "layout");
  if (spelled == "rows") return Layout::rows;
  if (spelled == "x16") return Layout::x16;
  refuse(object.Env(), "unknown layout " + spelled);
}

// [[coefficient, symbol, symbol …] …]
SymbolicSize parse_size(const Napi::Value& value) {
  if (!value.IsArray()) refuse(value.Env(), "a size must be an array of terms");
  const auto terms = value.As<Napi::Array>();
  SymbolicSize size;
  for (uint32_t t = 0; t < terms.Length(); t++) {
    const Napi::Value term_value = terms.Get(t);
    if (!term_value.IsArray()) refuse(value.Env(), "a term of a size must be an array");
    const auto numbers = term_value.As<Napi::Array>();
    SizeTerm term{parse_integer(numbers.Get(0u), "coefficient"), {}};
    for (uint32_t i = 1; i < numbers.Length(); i++) term.symbols.push_back(static_cast<int32_t>(parse_integer(numbers.Get(i), "symbol")));
    size.push_back(std::move(term));
  }
  return size;
}

std::map<std::string, OperandDesc> parse_operands(const Napi::Object& operands) {
  std::map<std::string, OperandDesc> parsed;
  const Napi::Array names = operands.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = names.Get(i).As<Napi::String>();
    const Napi::Object operand = object_in(operands, name.c_str());
    OperandDesc desc;
    desc.present = true;
    desc.region = parse_region(operand.Get("region"));
    desc.offset = static_cast<uint64_t>(integer(operand, "offset"));
    desc.dtype = dtype_in(operand, "dtype");
    desc.layout = layout_in(operand);
    const Napi::Array shape = array_in(operand, "shape");
    for (uint32_t a = 0; a < shape.Length(); a++) desc.shape.push_back(parse_size(shape.Get(a)));
    parsed.emplace(name, std::move(desc));
  }
  return parsed;
}

NodeDesc parse_node(const Napi::Object& object) {
  NodeDesc node;
  node.id = text(object, "id");
  node.kernel = text(object, "kernel");
  node.inputs = parse_operands(object_in(object, "inputs"));
  node.outputs = parse_operands(object_in(object, "outputs"));
  node.workspace_offset = static_cast<uint64_t>(integer(object, "workspaceOffset"));
  node.workspace_bytes = static_cast<uint64_t>(integer(object, "workspaceBytes"));
  const Napi::Object attrs = object_in(object, "attrs");
  const Napi::Array names = attrs.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = names.Get(i).As<Napi::String>();
    const Napi::Value value = attrs.Get(name);
    if (value.IsNumber())
      node.attrs.numbers[name] = value.As<Napi::Number>().DoubleValue();
    else if (value.IsString())
      node.attrs.strings[name] = value.As<Napi::String>().Utf8Value();
    else
      refuse(object.Env(), "attribute " + name + " of " + node.id + " must be a number or a string");
  }
  return node;
}

}  // namespace

int64_t parse_integer(const Napi::Value& value, const char* what) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= 0 && number <= 9007199254740992.0 && std::floor(number) == number) return static_cast<int64_t>(number);
  }
  refuse(value.Env(), std::string(what) + " must be a whole number from 0 to 2^53");
}

tp_region parse_region(const Napi::Value& value) {
  if (!value.IsString()) refuse(value.Env(), "a region must be named");
  const std::string name = value.As<Napi::String>();
  for (int r = 0; r < kRegions; r++)
    if (name == region_name(static_cast<tp_region>(r))) return static_cast<tp_region>(r);
  refuse(value.Env(), "unknown region " + name);
}

ProgramDesc parse_program(const Napi::Object& object) {
  ProgramDesc desc;
  desc.id = text(object, "id");
  desc.symbol_count = static_cast<size_t>(integer(object, "symbolCount"));
  const Napi::Array nodes = array_in(object, "nodes");
  for (uint32_t i = 0; i < nodes.Length(); i++) {
    const Napi::Value node = nodes.Get(i);
    if (!node.IsObject()) refuse(object.Env(), "a node must be an object");
    desc.nodes.push_back(parse_node(node.As<Napi::Object>()));
  }
  return desc;
}

WeightJob parse_weight(const Napi::Object& object) {
  WeightJob job;
  job.name = text(object, "name");
  job.source_dtype = dtype_in(object, "sourceDtype");
  job.source_rows = integer(object, "sourceRows");
  job.source_columns = integer(object, "sourceColumns");
  job.source_offset = static_cast<uint64_t>(integer(object, "sourceOffset"));
  if (object.Get("take").IsObject()) {
    const Napi::Object take = object_in(object, "take");
    job.take = HeadRows{integer(take, "heads"), integer(take, "groupRows"), integer(take, "firstRow"), integer(take, "rows")};
  }
  if (object.Get("columns").IsObject()) {
    const Napi::Object columns = object_in(object, "columns");
    job.columns = ColumnRange{integer(columns, "first"), integer(columns, "count")};
  }
  job.transpose_heads = integer(object, "transposeHeads");
  job.dtype = dtype_in(object, "dtype");
  job.layout = layout_in(object);
  const Napi::Array shape = array_in(object, "shape");
  for (uint32_t i = 0; i < shape.Length(); i++) job.shape.push_back(parse_integer(shape.Get(i), "an axis"));
  job.offset = static_cast<uint64_t>(integer(object, "offset"));
  job.bytes = static_cast<uint64_t>(integer(object, "bytes"));
  job.mapped = object.Get("mapped").ToBoolean();
  return job;
}

}  // namespace tensorplan::addon
