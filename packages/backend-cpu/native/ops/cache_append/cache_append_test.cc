// cache_append: the bytes of the portable encoder, at the slots named, and nothing anywhere else.
#include "formats/format.h"
#include "test/harness.h"

using namespace tensorplan;
using namespace tensorplan::test;

TEST("cache_append rounds as the reference encoder does and leaves other rows alone") {
  Rng rng(8);
  const int64_t slots = 200, width = 96, tokens = 45;
  for (const auto& [label, dtype] : std::vector<std::pair<std::string, DType>>{
           {"f32", DType::f32}, {"f16", DType::f16}, {"bf16", DType::bf16}, {"q8_0", DType::q8_0}}) {
    for (const std::string& name : kernels_of("cache_append." + label)) {
      const std::vector<float> before = rng.normal(slots * width);
      std::vector<float> rows = rng.normal(tokens * width, 2);
      for (int i = 0; i < 32; i++) rows[i] = 0;                             // an empty block
      for (int i = 0; i < 32; i++) rows[32 + i] = 1e-7f * static_cast<float>(i);  // f16 subnormals
      for (int i = 0; i < 32; i++) rows[64 + i] = (static_cast<float>(i) - 15.5f) / 8;  // ties: amax = 127/8 · …
      rows[64] = 127.0f / 8;
      std::vector<int32_t> at(tokens);
      for (int64_t t = 0; t < tokens; t++) at[t] = static_cast<int32_t>((t * 77 + 5) % slots);
      for (int threads : {1, 3}) {
        KernelRun run(name);
        run.state("state", dtype, {slots, 3, width / 3}, before);
        run.input("rows", {tokens, 3, width / 3}, rows);
        run.ints("slots", {tokens}, at);
        run.alias("out", "state");
        run.run(threads);
        const Format& f = format_of(dtype);
        std::vector<float> expected = run.decoded("state");
        std::vector<uint8_t> bytes(row_bytes(dtype, width));
        for (int64_t t = 0; t < tokens; t++) {
          f.encode_row(rows.data() + t * width, width, bytes.data());
          f.decode_row(bytes.data(), width, expected.data() + at[t] * width);
        }
        expect_same_bits(run.floats("state"), expected);
      }
    }
  }
}

TEST_MAIN
