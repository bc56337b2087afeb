#include "ops/matmul/product.h"

#include <algorithm>
#include <stdexcept>

#include "core/cpu_features.h"
#include "formats/format.h"

namespace tensorplan {
namespace {

constexpr int64_t kCachedBytes = 400 * 1024;  // of decoded weights, which share the L2 cache with rows
constexpr int64_t kStreamedBytes = 96 * 1024;  // of weights that a chunk of few rows reads
constexpr int64_t kFewRows = 13;              // below this, weights are read once, straight from memory
constexpr int64_t kWantedChunks = 32;

struct Isa {
  const char* block_name;  // rows of block types; null: has none of its own
  const char* plain_name;  // rows of f32, f16, bf16
  const tp_gemm_isa* table;
  std::vector<std::string> features;
};

std::vector<Isa> isas() {
  std::vector<Isa> all;
#if defined(__x86_64__)
  all.push_back({"avx512vnni", "avx512", &tp_gemm_avx512, kAvx512Features});
  std::vector<std::string> vnni = kAvx2Features;
  vnni.push_back("avx_vnni");
  all.push_back({"avxvnni", nullptr, &tp_gemm_avx2_vnni, vnni});
  all.push_back({"avx2", "avx2", &tp_gemm_avx2, kAvx2Features});
#endif
  all.push_back({"generic", "generic", &tp_gemm_generic, {}});
  return all;
}

}  // namespace

int64_t constant_size(const NodeDesc& node, const std::string& operand, int axis_from_last) {
  const auto found = node.inputs.find(operand);
  if (found == node.inputs.end() || static_cast<int>(found->second.shape.size()) < axis_from_last)
    throw std::invalid_argument(node.id + ": operand \"" + operand + "\" is missing or has too few axes");
  const SymbolicSize& size = found->second.shape[found->second.shape.size() - static_cast<size_t>(axis_from_last)];
  int64_t value = 0;
  for (const SizeTerm& term : size) {
    if (!term.symbols.empty()) throw std::invalid_argument(node.id + ": the size of weight \"" + operand + "\" must be a number");
    value += term.coefficient;
  }
  return value;
}

int64_t Matrix::group_bytes() const { return 16 * static_cast<int64_t>(row_bytes(dtype, k)); }
int64_t Matrix::bytes() const { return static_cast<int64_t>(matrix_bytes(dtype, layout, n, k)); }

Product::Product(const tp_gemm_isa& isa, const Matrix& matrix, bool fused, int64_t least)
    : isa_(isa), matrix_(matrix), fused_(fused), least_(least), matrices_(fused ? 2 : 1) {
  const Format& format = format_of(matrix.dtype);
  if (matrix.k % format.block != 0)
    throw std::invalid_argument(std::string("rows of ") + std::to_string(matrix.k) + " values can't be stored as " + format.name);
  const int64_t group = matrix.quantised() ? matrix.k / 32 * 576 : matrix.group_bytes();
  const int64_t fit = kCachedBytes / std::max<int64_t>(1, group * matrices_);
  many_rows_step_ = std::clamp<int64_t>(fit - fit % 2, std::max<int64_t>(least, 2 / matrices_), 16);
}

int64_t Product::few_rows_step() const {
  const int64_t fit = kStreamedBytes / std::max<int64_t>(1, matrix_.group_bytes() * matrices_);
  return std::clamp<int64_t>(fit > 1 ? fit - fit % 2 : fit, least_, 64);
}

Split Product::split(int64_t rows) const {
  Split s;
  const int64_t groups = matrix_.groups();
  s.row_chunks = ceil_div(rows, kMaxRowStep);
  // Whole tiles of 6 rows in all but the last.
  s.row_step = s.row_chunks <= 1 ? rows : std::min(kMaxRowStep, ceil_div(ceil_div(rows, s.row_chunks), 6) * 6);
  s.row_chunks = rows == 0 ? 0 : ceil_div(rows, s.row_step);
  if (rows < kFewRows) {
    s.group_step = few_rows_step();
  } else {
    const int64_t even = ceil_div(groups * s.row_chunks, kWantedChunks);
    s.group_step = std::min(many_rows_step_, std::max(even + even % 2, std::max<int64_t>(least_, 2 / matrices_)));
  }
  s.group_chunks = ceil_div(groups, s.group_step);
  return s;
}

int64_t Product::decoded_bytes() const {
  return matrix_.quantised() ? many_rows_step_ * matrices_ * (matrix_.k / 32) * isa_.scratch_block_bytes : 0;
}

size_t Product::scratch_bytes() const {
  int64_t bytes = decoded_bytes();
  if (matrix_.layout == Layout::rows) bytes += std::max(few_rows_step(), many_rows_step_) * matrices_ * matrix_.group_bytes();
  return static_cast<size_t>(ceil_div(bytes, 64) * 64);
}

void Product::run(const uint8_t* w, const uint8_t* w2, int64_t first, int64_t count, const void* const* x, float* const* out,
                  int64_t rows, uint8_t* scratch) const {
  const int64_t group_bytes = matrix_.group_bytes();
  count = std::min(count, matrix_.groups() - first);
  const int64_t columns = std::min(16 * count, matrix_.n - 16 * first);
  tp_gemm p;
  p.group_bytes = group_bytes;
  p.groups = count;
  p.columns = columns;
  p.k = matrix_.k;
  p.x = x;
  p.out = out;
  p.rows = rows;
  p.scratch = scratch;
  if (matrix_.layout == Layout::x16) {
    p.w = w + first * group_bytes;
    p.w2 = fused_ ? w2 + first * group_bytes : nullptr;
  } else {
    const Format& format = format_of(matrix_.dtype);
    const size_t stride = row_bytes(matrix_.dtype, matrix_.k);
    uint8_t* const area = scratch + decoded_bytes();
    uint8_t* const packed[2] = {area, area + count * group_bytes};
    for (int64_t m = 0; m < matrices_; m++) {
      const uint8_t* from = (m == 0 ? w : w2) + static_cast<size_t>(16 * first) * stride;
      for (int64_t g = 0; g < count; g++)
        format.pack_x16(from + static_cast<size_t>(16 * g) * stride, stride, static_cast<int>(std::min<int64_t>(16, columns - 16 * g)),
                        matrix_.k, packed[m] + g * group_bytes);
    }
    p.w = packed[0];
    p.w2 = fused_ ? packed[1] : nullptr;
  }
  (fused_ ? isa_.gate_up : isa_.gemm)[static_cast<int>(matrix_.dtype)](&p);
}

uint8_t* Workspace::take(int64_t bytes) {
  const uint64_t rounded = (static_cast<uint64_t>(bytes) + 63) / 64 * 64;
  if (rounded > left_)
    throw std::runtime_error(node_.id + ": kernel " + node_.kernel + " needs more workspace than the " +
                             std::to_string(node_.workspace_bytes) + " bytes planned");
  uint8_t* piece = at_;
  at_ += rounded;
  left_ -= rounded;
  return piece;
}

void add_product_rows(KernelTable& table, const std::string& op, const ProductFactory& make) {
  for (const Layout layout : {Layout::x16, Layout::rows})
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::iq4_nl})
      for (const Isa& isa : isas()) {
        const bool quantised = dtype == DType::q8_0 || dtype == DType::iq4_nl;
        const char* isa_name = quantised ? isa.block_name : isa.plain_name;
        if (!isa_name) continue;
        const ProductVariant variant = {isa.table, dtype, layout};
        table.add({op + "." + format_of(dtype).name + (layout == Layout::x16 ? ".x16." : ".rows.") + isa_name, isa.features,
                   [make, variant](const NodeDesc& node) { return make(node, variant); }});
      }
}

void add_isa_rows(KernelTable& table, const std::string& op,
                  const std::function<std::unique_ptr<Kernel>(const NodeDesc&, const tp_gemm_isa&)>& make) {
  for (const Isa& isa : isas()) {
    if (!isa.plain_name) continue;
    const tp_gemm_isa* inner = isa.table;
    table.add({op + "." + isa.plain_name, isa.features, [make, inner](const NodeDesc& node) { return make(node, *inner); }});
  }
}

}  // namespace tensorplan
