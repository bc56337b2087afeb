// slice, concat and select_rows move values and nothing else.
#include "test/harness.h"

using namespace tensorplan::test;

TEST("slice takes a part of every row") {
  Rng rng(5);
  const std::vector<float> x = rng.normal(37 * 900);
  KernelRun run("slice.generic");
  run.input("x", {37, 900}, x);
  run.output("out", {37, 111});
  run.attr("part.start", 700);
  run.attr("part.size", 111);
  run.run(3);
  std::vector<float> expected;
  for (int r = 0; r < 37; r++) expected.insert(expected.end(), x.begin() + r * 900 + 700, x.begin() + r * 900 + 811);
  expect_same_bits(run.floats("out"), expected);
}

TEST("concat joins rows") {
  Rng rng(6);
  const std::vector<float> a = rng.normal(29 * 512), b = rng.normal(29 * 65);
  KernelRun run("concat.generic");
  run.input("a", {29, 512}, a);
  run.input("b", {29, 65}, b);
  run.output("out", {29, 577});
  run.attr("axis", "row");
  run.run(2);
  std::vector<float> expected;
  for (int r = 0; r < 29; r++) {
    expected.insert(expected.end(), a.begin() + r * 512, a.begin() + (r + 1) * 512);
    expected.insert(expected.end(), b.begin() + r * 65, b.begin() + (r + 1) * 65);
  }
  expect_same_bits(run.floats("out"), expected);
}

TEST("select_rows copies the rows asked for, in order and repeatedly") {
  Rng rng(7);
  const std::vector<float> x = rng.normal(11 * 333);
  const std::vector<int32_t> rows = {10, 0, 3, 3};
  KernelRun run("select_rows.generic");
  run.input("x", {11, 333}, x);
  run.ints("rows", {4}, rows);
  run.output("out", {4, 333});
  run.run(2);
  std::vector<float> expected;
  for (int32_t r : rows) expected.insert(expected.end(), x.begin() + r * 333, x.begin() + (r + 1) * 333);
  expect_same_bits(run.floats("out"), expected);
}

TEST_MAIN
