import { describe, expect, test } from "vitest";
import { benchTests, contextOf } from "./benchTests.ts";

describe("what bench measures", () => {
  test("follows the flags in llama-bench's order and names", () => {
    const tests = benchTests({ prompt: [512, 0], generate: [64], both: [[8, 4]], behind: [[4096, 64]] });
    expect(tests.map(({ name }) => name)).toEqual(["pp512", "tg64", "pp8+tg4", "tg64@pp4096"]);
    expect(tests.map(contextOf)).toEqual([513, 65, 13, 4161]);
  });

  test("a 0 asks for nothing", () => {
    expect(benchTests({ prompt: [0], generate: [0], both: [], behind: [] })).toEqual([]);
  });
});
