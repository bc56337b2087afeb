// Products of rows with weight matrices of any storage type and layout: what matmul, gate_up_swiglu, head_matmul, mla_absorb_query,
// expert_matmul and moe are made of. Knows how much of a product a chunk takes; leaves the arithmetic to tables of inner kernels.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/integers.h"
#include "core/kernel.h"
#include "ops/matmul/gemm_isa.h"

namespace tensorplan {

constexpr int64_t kMaxRowStep = 132;  // rows of a chunk: 22 tiles of 6

// The size of a weight's axis, which can't be symbolic. Throws std::invalid_argument.
int64_t constant_size(const NodeDesc& node, const std::string& operand, int axis_from_last);

// One weight matrix [n, k], or one of many behind each other.
struct Matrix {
  DType dtype;
  Layout layout;
  int64_t n, k;

  bool quantised() const { return dtype == DType::q8_0 || dtype == DType::iq4_nl; }
  int64_t groups() const { return ceil_div(n, 16); }
  int64_t group_bytes() const;
  int64_t bytes() const;
};

// How a product of `rows` rows is cut into chunks: by shapes only, never by the number of threads.
struct Split {
  int64_t group_step, row_step, group_chunks, row_chunks;
  int64_t count() const { return group_chunks * row_chunks; }
};

class Product {
 public:
  // `fused`: silu(x·w) · (x·w2) instead of x·w. `least` is the smallest number of groups of a chunk.
  Product(const tp_gemm_isa& isa, const Matrix& matrix, bool fused, int64_t least);

  const Matrix& matrix() const { return matrix_; }
  const tp_gemm_isa& isa() const { return isa_; }
  Split split(int64_t rows) const;
  // Groups of a chunk when a call has many rows: the decoded weights stay in the L2 cache.
  int64_t many_rows_step() const { return many_rows_step_; }
  size_t scratch_bytes() const;
  // `count` groups from `first` for all rows (at most kMaxRowStep); `out[r]` is where the first of those columns goes.
  // `count` is at most the step of a split for that many rows.
  void run(const uint8_t* w, const uint8_t* w2, int64_t first, int64_t count, const void* const* x, float* const* out, int64_t rows,
           uint8_t* scratch) const;

 private:
  int64_t few_rows_step() const;
  int64_t decoded_bytes() const;

  const tp_gemm_isa& isa_;
  Matrix matrix_;
  bool fused_;
  int64_t least_, matrices_, many_rows_step_;
};

// ---- Quantised activations ----

inline int64_t quantised_row_bytes(int64_t k) { return k / 32 * static_cast<int64_t>(sizeof(tp_act_block)); }
// Rows that one chunk quantises: some microseconds of work.
inline int64_t quantise_step(int64_t k) { return k >= 16384 ? 1 : 16384 / k; }

// Hands out a kernel's workspace piece by piece, as the row's WorkspaceTerms count it, and throws when the plan reserved too little.
class Workspace {
 public:
  Workspace(const NodeDesc& node, uint8_t* base) : node_(node), at_(base), left_(node.workspace_bytes) {}
  uint8_t* take(int64_t bytes);

 private:
  const NodeDesc& node_;
  uint8_t* at_;
  uint64_t left_;
};

// ---- Kernel rows ----

// One way to run a product: `<op>.<type>.<layout>.<isa>`.
struct ProductVariant {
  const tp_gemm_isa* isa;
  DType dtype;
  Layout layout;
};
using ProductFactory = std::function<std::unique_ptr<Kernel>(const NodeDesc&, const ProductVariant&)>;

// Adds a row for every element type, layout and instruction set of this build.
void add_product_rows(KernelTable& table, const std::string& op, const ProductFactory& make);
// Adds `<op>.<isa>` for kernels that use only a table's plain functions.
void add_isa_rows(KernelTable& table, const std::string& op, const std::function<std::unique_ptr<Kernel>(const NodeDesc&, const tp_gemm_isa&)>& make);

}  // namespace tensorplan
