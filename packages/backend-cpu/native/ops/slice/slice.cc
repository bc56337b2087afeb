// Copies the part [start, start + size) of the last axis. Memory-bound: one portable kernel.
#include <cstring>

#include "ops/common/part.h"
#include "ops/common/row_chunks.h"

namespace tensorplan {
namespace {

class Slice final : public Kernel {
 public:
  explicit Slice(const NodeDesc& node) : part_(part_of(node.attrs, "part")) {}

  void bind(const std::map<std::string, Operand>& operands, uint8_t*) override {
    const Operand& x = operands.at("x");
    x_ = x.as<const uint32_t>();
    out_ = operands.at("out").as<uint32_t>();
    columns_ = x.last();
    chunks_.set(x.rows(), part_.size);
  }

  int64_t chunks(int) override { return chunks_.count(); }

  void run(int, int64_t chunk, Worker&) override {
    for (int64_t row = chunks_.begin(chunk); row < chunks_.end(chunk); row++)
      std::memcpy(out_ + row * part_.size, x_ + row * columns_ + part_.start, sizeof(uint32_t) * part_.size);
  }

 private:
  Part part_;
  const uint32_t* x_ = nullptr;
  uint32_t* out_ = nullptr;
  int64_t columns_ = 0;
  RowChunks chunks_;
};

}  // namespace

void register_slice(KernelTable& table) {
  table.add({"slice.generic", {}, [](const NodeDesc& node) { return std::make_unique<Slice>(node); }});
}

}  // namespace tensorplan
