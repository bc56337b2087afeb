import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { profile, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";
import { planHash } from "./planJson.ts";
import { lockFromJson, lockToJson, looksLikeLock } from "./planLock.ts";

const made = plan({ graph: tinyModel(1), ops: coreOps, devices: [profile("cpu")] });
const text = lockToJson(made);

test("a lock gives its plan back", () => {
  expect(looksLikeLock(text)).toBe(true);
  expect(planHash(lockFromJson(text, "x.lock.json"))).toBe(planHash(made));
  expect(text.split("\n")).toHaveLength(6);
});

test.each([
  ["lock/edited", text.replace('"bytes":', '"bytes":1')],
  ["lock/edited", text.replace(planHash(made), "0".repeat(64))],
  ["lock/schema", text.replace("tensorplan.lock/1", "tensorplan.lock/2")],
  ["lock/file", "{}"],
  ["lock/file", "nonsense"],
  ["lock/file", "[]"],
  ["plan/file", '{"schema":"tensorplan.lock/1","hash":"x"}'],
])("%s is one clear error", (code, broken) => {
  expect(broken).not.toBe(text);
  expect(() => lockFromJson(broken, "x.lock.json")).toThrow(expect.objectContaining({ code }));
});
