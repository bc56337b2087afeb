// out[T, E] = rows of table [V, E] by ids [T]. The table stays in the file's form; a row is decoded when it is asked for.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "formats/format.h"
#include "ops/matmul/product.h"

namespace tensorplan {

void register_embed(KernelTable& table);

namespace {

class Embed final : public Kernel {
 public:
  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& table = operands.at("table");
    const Operand& ids = operands.at("ids");
    format_ = &format_of(table.dtype);
    table_ = table.data;
    rows_ = table.rows();
    columns_ = table.last();
    row_bytes_ = static_cast<int64_t>(row_bytes(table.dtype, columns_));
    ids_ = ids.as<const int32_t>();
    out_ = operands.at("out").as<float>();
    tokens_ = ids.count();
    step_ = std::max<int64_t>(1, 16384 / columns_);
  }

  int64_t chunks(int) override {
    for (int64_t t = 0; t < tokens_; t++)
      if (ids_[t] < 0 || ids_[t] >= rows_)
        throw std::runtime_error("id " + std::to_string(ids_[t]) + " is outside the table of " + std::to_string(rows_) + " rows");
    return ceil_div(tokens_, step_);
  }

  void run(int, int64_t chunk, Worker&) override {
    const int64_t end = std::min(tokens_, (chunk + 1) * step_);
    for (int64_t t = chunk * step_; t < end; t++) format_->decode_row(table_ + ids_[t] * row_bytes_, columns_, out_ + t * columns_);
  }

 private:
  const Format* format_ = nullptr;
  const uint8_t* table_ = nullptr;
  const int32_t* ids_ = nullptr;
  float* out_ = nullptr;
  int64_t rows_ = 0, columns_ = 0, row_bytes_ = 0, tokens_ = 0, step_ = 1;
};

}  // namespace

void register_embed(KernelTable& table) {
  table.add({"embed.rows.generic", {}, [](const NodeDesc&) { return std::make_unique<Embed>(); }});
}

}  // namespace tensorplan
