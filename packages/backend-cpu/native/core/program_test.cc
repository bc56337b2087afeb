#include "core/program.h"

#include <cstring>

#include "test/allocations.h"
#include "test/check.h"

using namespace tensorplan;

namespace {

// out[t][i] = x[t][i] + addend, a row a chunk; then out[0][0] is read by `chunks` of a second stage, which doubles as many rows.
class AddThenDouble final : public Kernel {
 public:
  explicit AddThenDouble(const NodeDesc& node) : addend_(static_cast<float>(node.attrs.number("addend", 0))) {
    if (addend_ < 0) throw std::invalid_argument("addend is negative");
  }
  size_t scratch_bytes() const override { return 4096; }
  void bind(const std::map<std::string, Operand>& operands, uint8_t* workspace) override {
    x_ = operands.at("x");
    out_ = operands.at("out");
    workspace_ = workspace;
    binds++;
  }
  int stages() const override { return 2; }
  int64_t chunks(int stage) override { return stage == 0 ? x_.rows() : static_cast<int64_t>(out_.as<float>()[0]); }
  void run(int stage, int64_t chunk, Worker& worker) override {
    worker.scratch[4095] = 1;
    const int64_t n = x_.last();
    float* out = out_.as<float>() + chunk * n;
    const float* x = x_.as<float>() + chunk * n;
    for (int64_t i = 0; i < n; i++) out[i] = stage == 0 ? x[i] + addend_ : 2 * out[i];
    if (addend_ == 99) throw std::runtime_error("99 can't be added");
  }
  static int binds;

 private:
  const float addend_;
  Operand x_, out_;
  uint8_t* workspace_ = nullptr;
};
int AddThenDouble::binds = 0;

KernelTable test_kernels() {
  KernelTable table;
  const auto make = [](const NodeDesc& node) { return std::make_unique<AddThenDouble>(node); };
  table.add({"test.add", {}, make});
  table.add({"test.wide", {"avx1024"}, make});
  return table;
}

struct Fixture {
  Device device;
  explicit Fixture(int threads) : device(threads, {}, test_kernels()) { device.allocate(TP_REGION_ARENA, 4096); }
};

NodeDesc add_node(double addend, const char* kernel = "test.add") {
  // x [tokens, 4] at 0, out the same at 1024.
  const std::vector<SymbolicSize> shape = {{SizeTerm{1, {0}}}, {SizeTerm{4, {}}}};
  NodeDesc node;
  node.id = "blk.0.add";
  node.kernel = kernel;
  node.inputs["x"] = {true, TP_REGION_ARENA, 0, DType::f32, Layout::rows, shape};
  node.outputs["out"] = {true, TP_REGION_ARENA, 1024, DType::f32, Layout::rows, shape};
  node.attrs.numbers["addend"] = addend;
  return node;
}

std::vector<float> read_floats(Device& device, uint64_t offset, size_t count) {
  std::vector<float> values(count);
  device.read(TP_REGION_ARENA, offset, values.data(), count * sizeof(float));
  return values;
}

}  // namespace

TEST("a program times its nodes when it is asked to, and only then") {
  Fixture fixture(2);
  ProgramDesc desc;
  desc.id = "s0";
  desc.symbol_count = 1;
  desc.nodes = {add_node(10), add_node(20)};
  Program program(fixture.device, desc);
  const float x[12] = {1, 2};
  fixture.device.write(TP_REGION_ARENA, 0, x, sizeof x);
  const int64_t tokens = 3;
  std::string message;
  CHECK(program.run(&tokens, 1, nullptr, nullptr, message) == TP_OK);
  CHECK(program.moments() == std::vector<int64_t>(3, 0));
  program.set_timing(true);
  const int64_t before = test::allocations();
  CHECK(program.run(&tokens, 1, nullptr, nullptr, message) == TP_OK);
  CHECK(test::allocations() == before);
  const std::vector<int64_t> moments = program.moments();
  CHECK(moments[0] > 0 && moments[1] > moments[0] && moments[2] > moments[1]);
  program.set_timing(false);
  CHECK(program.run(&tokens, 1, nullptr, nullptr, message) == TP_OK);
  CHECK(program.moments() == moments);
}

TEST("a program runs the stages of its nodes in order with the step's sizes") {
  for (const int threads : {1, 2, 5}) {
    Fixture fixture(threads);
    const float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    fixture.device.write(TP_REGION_ARENA, 0, x, sizeof x);
    Program program(fixture.device, {"split 0", 1, {add_node(1)}});
    std::string message;
    const int64_t tokens = 3;
    CHECK_EQ(program.run(&tokens, 1, nullptr, nullptr, message), TP_OK);
    // 2 rows are doubled, because out[0][0] is 2 when the second stage begins.
    const float expected[12] = {4, 6, 8, 10, 12, 14, 16, 18, 10, 11, 12, 13};
    const auto out = read_floats(fixture.device, 1024, 12);
    CHECK(std::memcmp(out.data(), expected, sizeof expected) == 0);
    CHECK_EQ(fixture.device.counters().runs, 1u);
  }
}

TEST("a step allocates nothing") {
  Fixture fixture(3);
  Program program(fixture.device, {"split 0", 1, {add_node(1), add_node(2)}});
  std::string message;
  message.reserve(100);
  for (int64_t tokens = 1; tokens < 20; tokens++) {
    const int64_t before = test::allocations();
    const tp_status status = program.run(&tokens, 1, nullptr, nullptr, message);
    CHECK_EQ(test::allocations() - before, 0);
    CHECK_EQ(status, TP_OK);
  }
}

TEST("kernels are bound again only when a size or an address changes") {
  Fixture fixture(1);
  Program program(fixture.device, {"split 0", 1, {add_node(1)}});
  std::string message;
  AddThenDouble::binds = 0;
  int64_t tokens = 2;
  program.run(&tokens, 1, nullptr, nullptr, message);
  program.run(&tokens, 1, nullptr, nullptr, message);
  CHECK_EQ(AddThenDouble::binds, 1);
  tokens = 3;
  program.run(&tokens, 1, nullptr, nullptr, message);
  CHECK_EQ(AddThenDouble::binds, 2);
  fixture.device.allocate(TP_REGION_ARENA, 8192);
  program.run(&tokens, 1, nullptr, nullptr, message);
  CHECK_EQ(AddThenDouble::binds, 3);
}

TEST("what can't run is refused when it is compiled, naming node and reason") {
  Fixture fixture(1);
  CHECK_THROWS(Program(fixture.device, {"split 0", 1, {add_node(1, "nothing")}}), "node blk.0.add: there is no kernel \"nothing\"");
  CHECK_THROWS(Program(fixture.device, {"split 0", 1, {add_node(1, "test.wide")}}), "kernel test.wide needs avx1024");
  CHECK_THROWS(Program(fixture.device, {"split 0", 1, {add_node(-1)}}), "node blk.0.add: addend is negative");
  CHECK_THROWS(Program(fixture.device, {"split 0", 0, {add_node(1)}}), "uses a symbol that the program doesn't have");
}

TEST("a step that doesn't fit the memory fails with the place, and the program still works after it") {
  Fixture fixture(2);
  Program program(fixture.device, {"split 0", 1, {add_node(1)}});
  std::string message;
  int64_t tokens = 1000;
  CHECK_EQ(program.run(&tokens, 1, nullptr, nullptr, message), TP_FAILED);
  CHECK(message.find("16000 bytes at offset") != std::string::npos);
  tokens = -1;
  CHECK_EQ(program.run(&tokens, 1, nullptr, nullptr, message), TP_FAILED);
  CHECK(message.find("negative") != std::string::npos);
  CHECK_EQ(program.run(&tokens, 0, nullptr, nullptr, message), TP_FAILED);
  tokens = 2;
  CHECK_EQ(program.run(&tokens, 1, nullptr, nullptr, message), TP_OK);
}

TEST("an error inside a kernel names its node") {
  Fixture fixture(2);
  Program program(fixture.device, {"split 0", 1, {add_node(99)}});
  std::string message;
  const int64_t tokens = 2;
  CHECK_EQ(program.run(&tokens, 1, nullptr, nullptr, message), TP_FAILED);
  CHECK_EQ(message, "split 0, node blk.0.add: 99 can't be added");
}

TEST("a cancelled step says so") {
  Fixture fixture(2);
  Program program(fixture.device, {"split 0", 1, {add_node(1)}});
  std::string message;
  const int64_t tokens = 2;
  const auto always = [](const void*) { return true; };
  CHECK_EQ(program.run(&tokens, 1, always, nullptr, message), TP_CANCELLED);
}

TEST("regions are zeroed, aligned, counted, and guard their ends") {
  Device device(1, {});
  device.allocate(TP_REGION_STATES, 1000);
  CHECK(reinterpret_cast<uintptr_t>(device.base(TP_REGION_STATES)) % 64 == 0);
  for (int i = 0; i < 1000; i++) CHECK(device.base(TP_REGION_STATES)[i] == 0);
  device.allocate(TP_REGION_ARENA, 5000);
  uint8_t bytes[100] = {7};
  device.write(TP_REGION_STATES, 900, bytes, 100);
  device.read(TP_REGION_STATES, 900, bytes, 10);
  CHECK_EQ(static_cast<int>(bytes[0]), 7);
  CHECK_THROWS(device.write(TP_REGION_STATES, 901, bytes, 100), "not inside region states of 1000 bytes");
  CHECK_THROWS(device.read(TP_REGION_STATES, ~uint64_t{0}, bytes, 2), "not inside");
  device.allocate(TP_REGION_ARENA, 0);
  const Counters counters = device.counters();
  CHECK_EQ(counters.region_bytes[TP_REGION_STATES], 1000u);
  CHECK_EQ(counters.region_bytes[TP_REGION_ARENA], 0u);
  CHECK_EQ(counters.peak_bytes, 6000u);
  CHECK_EQ(counters.bytes_in, 100u);
  CHECK_EQ(counters.bytes_out, 10u);
}

TEST("a closed device gives its memory back, at once or after the running step, which stops early") {
  {
    Fixture fixture(2);
    fixture.device.close();
    CHECK_EQ(fixture.device.counters().region_bytes[TP_REGION_ARENA], 0u);
    CHECK_THROWS(fixture.device.allocate(TP_REGION_ARENA, 64), "the device is disposed of");
  }
  Fixture fixture(2);
  Program program(fixture.device, {"split 0", 1, {add_node(1), add_node(1)}});
  std::string message;
  const int64_t tokens = 60;
  // Closes the device from inside a chunk's cancellation check, as another thread would.
  const auto close = [](const void* state) {
    static_cast<Device*>(const_cast<void*>(state))->close();
    return false;
  };
  CHECK_EQ(program.run(&tokens, 1, close, &fixture.device, message), TP_CANCELLED);
  CHECK_EQ(fixture.device.counters().region_bytes[TP_REGION_ARENA], 0u);
  CHECK(program.run(&tokens, 1, nullptr, nullptr, message) != TP_OK);
}

TEST_MAIN
