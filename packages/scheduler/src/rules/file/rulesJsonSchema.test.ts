import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rulesJsonSchema } from "./rulesJsonSchema.ts";

const path = new URL("../../../schemas/rules.schema.json", import.meta.url);
const text = `${JSON.stringify(rulesJsonSchema(), null, 2)}\n`;
if (process.env.UPDATE_SCHEMAS !== undefined) writeFileSync(path, text);

test("the published schema is what rule files are checked by (UPDATE_SCHEMAS=1 writes it)", () => {
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(text));
});

test("selectors nest, and every action is there", () => {
  const schema = JSON.parse(text);
  expect(schema.$defs.Selector.properties.and.items).toEqual({ $ref: "#/$defs/Selector" });
  const actions = schema.properties.rules.items.properties.do.anyOf.map(
    ({ required }: { required: readonly string[] }) => required[0],
  );
  expect(actions).toEqual(
    expect.arrayContaining(["store", "place", "follow", "lower", "replicate", "transfer"]),
  );
});
