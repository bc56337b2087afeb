import { kernelRows as cpuRows } from "@tensorplan/backend-cpu";
import { expect, test } from "vitest";
import { kernelRows } from "./index.ts";

const opsOf = (rows: typeof kernelRows) => [...new Set(rows.map(({ op }) => op))].sort();

test("answer for every operation that the CPU has kernels for", () => {
  expect(opsOf(kernelRows)).toEqual(opsOf(cpuRows));
});

test("have names of their own that begin with the operation, and are all planned", () => {
  expect(new Set(kernelRows.map(({ name }) => name)).size).toBe(kernelRows.length);
  for (const { name, op, status } of kernelRows) {
    expect(name.startsWith(`${op}.`)).toBe(true);
    expect(status, name).toBe("planned");
  }
});

test("take the operands that the CPU's kernels take, in every type that those take", () => {
  for (const op of opsOf(cpuRows)) {
    const own = kernelRows.filter((row) => row.op === op);
    for (const row of cpuRows.filter((each) => each.op === op)) {
      for (const [operand, { dtypes }] of Object.entries(row.operands)) {
        const taken = new Set(own.flatMap(({ operands }) => operands[operand]?.dtypes ?? []));
        expect(
          dtypes.filter((dtype) => !taken.has(dtype)),
          `${row.name} ${operand}`,
        ).toEqual([]);
      }
    }
  }
});

test("share out rates that make sense", () => {
  for (const { name, cost } of kernelRows) {
    expect(cost.computeShare > 0 && cost.computeShare <= 1, name).toBe(true);
    expect(cost.memoryShare > 0 && cost.memoryShare <= 1, name).toBe(true);
  }
});
