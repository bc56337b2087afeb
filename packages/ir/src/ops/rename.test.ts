import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, graphOfOp, operand } from "../graph/evaluateOp.ts";
import { renameOp } from "./rename.ts";

const [tokens, embd, keys] = [axis("tokens", 2), axis("embd", 2), axis("keys", 2)];

test("gives one axis another name", () => {
  const graph = graphOfOp(renameOp, { x: operand([tokens, embd]) }, { from: "tokens", to: "keys" }, [keys]);
  expect(graph.nodes[0]?.outputs).toEqual({ out: { dtype: "f32", axes: ["keys", "embd"] } });
});

test("moves nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 4, maxLength: 4 }), (v) => {
      const x = operand([tokens, embd], v);
      const { out } = evaluateOp(renameOp, { x }, { from: "tokens", to: "keys" }, [keys]);
      expect(out?.data).toBe(x.tensor.data);
    }),
  );
});

test("refuses an axis that isn't there and one of another size", () => {
  const x = operand([tokens, embd]);
  expect(() => evaluateOp(renameOp, { x }, { from: "heads", to: "keys" }, [keys])).toThrow(
    "x is f32[tokens=2, embd=2], which has no axis 'heads'",
  );
  expect(() => evaluateOp(renameOp, { x }, { from: "tokens", to: "more" }, [axis("more", 3)])).toThrow(
    "the axis 'tokens' has 2 positions, but 'more' 3",
  );
});
