// out[o] = x[rows[o]]. Memory-bound: one portable kernel.
#include <cstring>

#include "ops/common/row_chunks.h"
#include "core/kernel.h"

namespace tensorplan {
namespace {

class SelectRows final : public Kernel {
 public:
  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& x = operands.at("x");
    const Operand& rows = operands.at("rows");
    x_ = x.as<const uint32_t>();
    rows_ = rows.as<const int32_t>();
    out_ = operands.at("out").as<uint32_t>();
    columns_ = x.last();
    chunks_.set(rows.count(), columns_);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    for (int64_t o = chunks_.begin(chunk); o < chunks_.end(chunk); o++)
      std::memcpy(out_ + o * columns_, x_ + rows_[o] * columns_, sizeof(uint32_t) * columns_);
  }

 private:
  const uint32_t* x_ = nullptr;
  const int32_t* rows_ = nullptr;
  uint32_t* out_ = nullptr;
  int64_t columns_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_select_rows(KernelTable& table) {
  table.add({"select_rows.generic", {}, [](const NodeDesc&) { return std::make_unique<SelectRows>(); }});
}

}  // namespace tensorplan
