import * as fc from "fast-check";
import { expect, test } from "vitest";
import { GraphBuilder } from "../graph/builder.ts";
import { axis, concatAxis, productAxis } from "./axis.ts";
import { addSizes, evaluateSize, multiplySizes, printSize, size, sizeSymbols, sizesEqual } from "./size.ts";

const sizes = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom("", "*tokens", "*context", "*tokens*context", "*context*tokens"),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((terms) => size(terms.map(([count, symbols]) => `${count}${symbols}`).join(" + ")));
const bindings = { tokens: 5, context: 7 };

test("a size prints in one form, which reads back as the same size", () => {
  expect(printSize(size("64 + context*tokens + 2*tokens*context + tokens"))).toBe(
    "64 + 3*context*tokens + tokens",
  );
  fc.assert(
    fc.property(sizes, (each) => {
      expect(printSize(size(printSize(each)))).toBe(printSize(each));
    }),
  );
});

test("sums and products evaluate to the sums and products of the values, in any order", () => {
  fc.assert(
    fc.property(sizes, sizes, (a, b) => {
      const [x, y] = [evaluateSize(a, bindings), evaluateSize(b, bindings)];
      expect(evaluateSize(addSizes(a, b), bindings)).toBe(x + y);
      expect(evaluateSize(multiplySizes(a, b), bindings)).toBe(x * y);
      expect(sizesEqual(multiplySizes(a, b), multiplySizes(b, a))).toBe(true);
    }),
  );
});

test("products and concatenations get their sizes from their axes", () => {
  const [tokens, heads, dim] = [axis("tokens", "tokens"), axis("heads", 8), axis("dim", 64)];
  expect(printSize(productAxis("all", tokens, heads, dim).size)).toBe("512*tokens");
  expect(printSize(concatAxis("row", heads, dim, tokens).size)).toBe("72 + tokens");
  expect(sizeSymbols(concatAxis("row", heads, tokens).size)).toEqual(["tokens"]);
});

test("refuses what isn't a size", () => {
  expect(() => size(-1)).toThrow("-1 isn't a size");
  expect(() => size(1.5)).toThrow("1.5 isn't a size");
  expect(() => size("8*2x")).toThrow("'2x' is neither a whole number nor a symbol");
  expect(() => evaluateSize(size("tokens"), {})).toThrow("the symbol 'tokens' has no value here");
});

test("a graph knows one axis by each name, and its parts and factors with it", () => {
  const builder = new GraphBuilder("test", { tokens: 4 });
  builder.declareAxis(axis("embd", 64));
  builder.declareAxis(axis("embd", 64));
  builder.declareAxis(concatAxis("row", axis("latent", 32), axis("rope", 8)));
  expect(() => builder.declareAxis(axis("embd", 65))).toThrow(
    "the axis 'embd' is declared twice with different sizes",
  );
  expect(() => builder.declareAxis(axis("rope", 9))).toThrow(
    "the axis 'rope' is declared twice with different sizes",
  );
  expect(() => builder.declareAxis(axis("batch", "batch"))).toThrow(
    "uses 'batch', which the graph doesn't declare",
  );
  expect(Object.keys(builder.finish().axes)).toEqual(["embd", "latent", "rope", "row"]);
});
