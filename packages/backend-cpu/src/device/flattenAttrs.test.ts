import { size } from "@tensorplan/ir";
import { describe, expect, it } from "vitest";
import { flattenAttrs } from "./flattenAttrs.ts";

describe("flattening attributes", () => {
  it("names nested values with dots, and makes numbers of booleans", () => {
    const attrs = {
      eps: 1e-6,
      normalise: true,
      style: "neox",
      scaling: { kind: "linear", factor: 4 },
      into: ["heads", "dim"],
      absent: null,
    };
    expect(flattenAttrs(attrs, {})).toEqual({
      eps: 1e-6,
      normalise: 1,
      style: "neox",
      "scaling.kind": "linear",
      "scaling.factor": 4,
      "into.0": "heads",
      "into.1": "dim",
    });
  });

  it("gives the axes whose size is known", () => {
    expect(flattenAttrs({}, { used: size(6), context: size("context") })).toEqual({ "axis.used": 6 });
  });
});
