import { expect, test } from "vitest";
import { namePattern } from "./namePattern.ts";

const names = ["blk.0.a@0", "blk.0.a@1", "blk.1.a@0", "blk.1.b", "blk.2.c", "top", "top@0"];

test.each([
  [["blk.0.a@0", "blk.1.a@0", "top@0"], "*@0"],
  [["blk.0.a@0", "blk.1.a@0"], "blk.*.a@0"],
  [["top"], "top"],
  [["blk.1.b", "blk.2.c"], { regex: "^(?:blk\\.\\d+\\.b|blk\\.\\d+\\.c)$" }],
  [["blk.1.a@0", "top"], { regex: "^(?:blk\\.(?:1)\\.a@0|top)$" }],
])("%j", (wanted, pattern) => {
  expect(namePattern(wanted, names, "*@0")).toEqual(pattern);
});
