#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

namespace {

TEST("copies the decoded rows that the ids name, for every storage type and number of threads") {
  for (const std::string& kernel : kernels_of("embed")) {
    Rng rng(61);
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::iq4_nl}) {
      const int64_t rows = 37, columns = 96, tokens = 400;
      const std::vector<int32_t> ids = rng.ints(tokens, 0, rows);
      KernelRun run(kernel);
      run.weight("table", dtype, Layout::rows, {rows, columns}, rng.normal(rows * columns));
      run.ints("ids", {tokens}, ids);
      run.output("out", {tokens, columns});
      for (const int threads : {1, 3}) {
        run.run(threads);
        const std::vector<float> table = run.decoded("table");
        std::vector<float> expected;
        for (const int32_t id : ids) expected.insert(expected.end(), table.begin() + id * columns, table.begin() + (id + 1) * columns);
        expect_same_bits(run.floats("out"), expected);
      }
    }
  }
}

TEST("refuses an id outside the table") {
  for (const int32_t id : {-1, 3}) {
    KernelRun run("embed.rows.generic");
    run.weight("table", DType::f32, Layout::rows, {3, 2}, std::vector<float>(6));
    run.ints("ids", {1}, {id});
    run.output("out", {1, 2});
    CHECK_THROWS(run.run(), "outside the table of 3 rows");
  }
}

}  // namespace

TEST_MAIN
