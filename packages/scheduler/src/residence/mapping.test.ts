import { FILE_MAPS, MAP_GRANULE } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { explainStored } from "../explain/explainStored.ts";
import { plan } from "../plan/makePlan.ts";
import { weightPlaces } from "../plan/places.ts";
import { grouped, profile, rule, tinyModel } from "../testing/fixtures.ts";

const graph = tinyModel(2);
const cpu = profile("cpu", { first: [grouped], features: [FILE_MAPS] });
const fileOffsets = new Map(
  graph.weights.map(({ source }, i) => [source.tensor, 4096 + 32 * i + 70_000 * i]),
);
const mapAll = rule("map", { kind: "weight" }, { map: "file" }, { else: "next" });

test("a mapped place starts as far into its granule as the tensor in its file, and shares it with nothing", () => {
  const made = plan({ graph, ops: coreOps, devices: [cpu], rules: [mapAll], fileOffsets });
  const places = weightPlaces(made, "cpu");
  expect(places.length).toBeGreaterThan(5);
  let end = 0;
  for (const { source, layout, mapped, offset, bytes } of places) {
    expect([layout, mapped]).toEqual(["rows", true]);
    expect(offset % MAP_GRANULE).toBe((fileOffsets.get(source.tensor) as number) % MAP_GRANULE);
    expect(Math.floor(offset / MAP_GRANULE)).toBeGreaterThanOrEqual(end);
    end = Math.ceil((offset + bytes) / MAP_GRANULE);
  }
  expect(made.devices[0]).toMatchObject({ weights: end * MAP_GRANULE, mapped: end * MAP_GRANULE });
});

test("the budget doesn't count what is mapped", () => {
  const input = { graph, ops: coreOps, devices: [cpu], fileOffsets };
  const [device] = plan(input).devices;
  const needed = (device?.states ?? 0) + (device?.inputs ?? 0) + (device?.arena ?? 0);
  const budgets = { cpu: needed + 1024 };
  expect(() => plan({ ...input, budgets })).toThrow(
    expect.objectContaining({ code: "memory/over-budget", hint: expect.stringContaining("--mmap") }),
  );
  const mapped = plan({ ...input, budgets, rules: [mapAll] });
  expect(mapped.weights.every(({ copies }) => copies.every((copy) => copy.mapped))).toBe(true);
});

test("copied weights stand in front of mapped ones", () => {
  const rules = [rule("map layer 0", { layer: { below: 1 } }, { map: "file" })];
  const made = plan({ graph, ops: coreOps, devices: [cpu], rules, fileOffsets });
  const [device] = made.devices;
  const copied = (device?.weights ?? 0) - (device?.mapped ?? 0);
  const places = weightPlaces(made, "cpu");
  const wrong = places.filter(({ offset, bytes, mapped }) =>
    mapped ? offset < copied : offset + bytes > copied,
  );
  expect(wrong).toEqual([]);
  expect(new Set(places.map(({ mapped }) => mapped === true))).toEqual(new Set([true, false]));
});

test("the plan says which rule left a weight in the file, and why another could not", () => {
  const made = plan({ graph, ops: coreOps, devices: [cpu], rules: [mapAll], fileOffsets });
  expect(explainStored(made, "blk.0.q.weight")?.join()).toContain(
    "It isn't copied from the file, because of rule 'map'",
  );
  const asked = rule("asks", { weight: "blk.0.q.weight" }, { store: "cpu", layout: "x16" });
  const copied = plan({ graph, ops: coreOps, devices: [cpu], rules: [asked, mapAll], fileOffsets });
  expect(explainStored(copied, "blk.0.q.weight")?.join()).toContain("its store rule asks for the layout x16");
});

test.each([
  ["cpu can't use weights where they lie in a file", { features: [] }, fileOffsets],
  ["there is no file yet that it could lie in", {}, undefined],
])("a map rule that must be obeyed is refused: %s", (why, change, offsets) => {
  const rules = [rule("map", { kind: "weight" }, { map: "file" })];
  const devices = [{ ...cpu, ...change }];
  const input = { graph, ops: coreOps, devices, rules };
  expect(() => plan(offsets === undefined ? input : { ...input, fileOffsets: offsets })).toThrow(
    expect.objectContaining({ code: "residence/map", message: expect.stringContaining(why) }),
  );
});
