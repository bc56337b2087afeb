import { describe, expect, it } from "vitest";
import { loadAddon } from "../native/loadAddon.ts";
import { kernelRows } from "./index.ts";

const loaded = loadAddon();

describe("kernel rows", () => {
  it("have names of their own that begin with the operation", () => {
    expect(new Set(kernelRows.map((row) => row.name)).size).toBe(kernelRows.length);
    for (const row of kernelRows) expect(row.name.startsWith(`${row.op}.`)).toBe(true);
  });

  it("name operands once, and shares and overheads that make sense", () => {
    for (const { name, cost, outputs } of kernelRows) {
      // More than 1 where a kernel of the f32 rate multiplies integers.
      expect(cost.computeShare > 0 && cost.computeShare <= 4, name).toBe(true);
      expect(cost.memoryShare > 0 && cost.memoryShare <= 1, name).toBe(true);
      expect(cost.overheadNs, name).toBeGreaterThanOrEqual(0);
      expect(Object.keys(outputs).length, name).toBeGreaterThan(0);
    }
  });

  it("end with one that every CPU can run, for each operation", () => {
    for (const op of new Set(kernelRows.map((row) => row.op))) {
      expect(
        kernelRows.filter((row) => row.op === op && row.requires.length === 0).length,
        op,
      ).toBeGreaterThan(0);
    }
  });

  it.skipIf(loaded.kind === "missing")(
    "are the kernels of the add-on, with the features that those need",
    () => {
      if (loaded.kind === "missing") return;
      const rows = kernelRows
        .filter((row) => row.status === "ready")
        .map((row) => `${row.name}: ${[...row.requires].sort().join(" ")}`);
      const native = loaded.addon
        .kernels()
        .map((kernel) => `${kernel.name}: ${[...kernel.features].sort().join(" ")}`);
      expect(rows.sort()).toEqual(native.sort());
    },
  );
});
