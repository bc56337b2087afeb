import { expect, test } from "vitest";
import { splitWords } from "./splitWords.ts";

test.each([
  ["-ngl 10", ["-ngl", "10"]],
  ["  -ot 'exps=CPU'  -c   8192 ", ["-ot", "exps=CPU", "-c", "8192"]],
  [`-ot "blk\\.(3|4)\\.=cpu:1"`, ["-ot", "blk\\.(3|4)\\.=cpu:1"]],
  ["a'b c'd", ["ab cd"]],
  ["", []],
])("%s", (text, words) => {
  expect(splitWords(text)).toEqual(words);
});
