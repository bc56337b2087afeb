import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkDeviceFile } from "./checkDeviceFile.ts";
import { deviceFileJsonSchema } from "./deviceFile.ts";
import { deviceSet } from "./deviceSet.ts";
import { readDevices, shippedDevices } from "./readDevices.ts";

const shippedText = (name: string) =>
  readFileSync(new URL(`../../devices/${name}.json`, import.meta.url), "utf8");
/** A profile file as JSON, to be spoilt. */
interface Loose {
  schema: string;
  readonly devices: readonly [Record<string, unknown>, Record<string, unknown>];
  links: Record<string, unknown>[];
}

/** The profile of a CPU and a card, changed in one place. */
function changed(change: (file: Loose) => unknown): string {
  const file: Loose = JSON.parse(shippedText("rtx4080"));
  change(file);
  return JSON.stringify(file);
}

const set = (entry: Record<string, unknown> | undefined, fields: object) =>
  Object.assign(entry ?? {}, fields);

describe.each(shippedDevices)("the profile %s", (name) => {
  test("says where its figures come from", () => {
    const { devices, links } = checkDeviceFile(shippedText(name), name);
    for (const { derivation } of devices) expect(derivation[0]).toMatch(/^https:\/\//);
    for (const { derivation } of links) expect(derivation.length).toBeGreaterThan(0);
  });

  test("has kernels for every operation, none of which needs a feature that it lacks", async () => {
    const { devices } = await readDevices(name);
    for (const { id, kernels, features } of devices) {
      expect(new Set(kernels.map(({ op }) => op)).size, id).toBe(28);
      expect(kernels.flatMap(({ requires }) => requires).filter((each) => !features.includes(each))).toEqual(
        [],
      );
    }
  });
});

test("eight cards are linked to the CPU and to each other", async () => {
  const { devices, links } = await readDevices("8xh100");
  expect(devices.map(({ id }) => id)).toEqual(["cpu", ...Array.from({ length: 8 }, (_, i) => `cuda:${i}`)]);
  expect(links.filter(({ kind }) => kind === "pcie")).toHaveLength(8);
  expect(links.filter(({ kind }) => kind === "nvlink")).toHaveLength(28);
});

test("the published JSON Schema is what files are checked against", () => {
  const published = readFileSync(new URL("../../schema/devices-1.json", import.meta.url), "utf8");
  expect(JSON.parse(published), "renew it with scripts/writeSchemas.mjs").toEqual(deviceFileJsonSchema());
});

test.each([
  ["negative memory", (f) => (f.devices[1].memoryBytes = -1), "invalid", "devices[1].memoryBytes"],
  ["no bandwidth", (f) => (f.devices[0].bandwidth = 0), "invalid", "devices[0].bandwidth"],
  [
    "a rate that is no number",
    (f) => (f.devices[0].rates = { int8: 1, f32: null, f16: 1 }),
    "invalid",
    "devices[0].rates.f32",
  ],
  ["half a thread", (f) => (f.devices[0].threads = 0.5), "invalid", "devices[0].threads"],
  ["a negative latency", (f) => set(f.links[0], { latencyNs: -5 }), "invalid", "links[0].latencyNs"],
  ["a field that doesn't exist", (f) => (f.devices[0].memory = 5), "invalid", "memory"],
  ["a missing field", (f) => delete f.devices[0].rates, "invalid", "devices[0].rates"],
  [
    "a kernel row without a cost",
    (f) => (f.devices[1].kernels = [{ name: "x", op: "add" }]),
    "invalid",
    "devices[1].kernels[0]",
  ],
  ["two devices of one name", (f) => (f.devices[1].id = "cpu"), "duplicate", "'cpu'"],
  ["a link to nowhere", (f) => set(f.links[0], { among: ["cpu", "cuda:1"] }), "unknown", "'cuda:1'"],
  [
    "a link from a device to itself",
    (f) => set(f.links[0], { among: ["cpu", "cpu"] }),
    "duplicate",
    "'cpu' twice",
  ],
  ["a host that isn't there", (f) => (f.devices[0].host = "attic"), "unknown", "'attic'"],
  ["a device without a link", (f) => (f.links = []), "unlinked", "'cuda:0'"],
  ["a newer version", (f) => (f.schema = "tensorplan.devices/2"), "version", "tensorplan.devices/2"],
  ["another kind of file", (f) => (f.schema = "tensorplan.rules/1"), "invalid", "schema"],
] as const satisfies readonly (readonly [string, (file: Loose) => unknown, string, string])[])(
  "refuses %s",
  (_, change, code, where) => {
    expect(() => checkDeviceFile(changed(change), "mine.json")).toThrow(
      expect.objectContaining({ code: `devices/${code}`, message: expect.stringContaining(where) }),
    );
  },
);

test.each([
  ["NaN", '{"schema": NaN}', "not-json"],
  ["nothing", "", "not-json"],
  ["a list", "[]", "invalid"],
])("refuses %s", (_, text, code) => {
  expect(() => checkDeviceFile(text, "mine.json")).toThrow(
    expect.objectContaining({ code: `devices/${code}`, message: expect.stringMatching(/^mine\.json: /) }),
  );
});

test("a backend that isn't ours has to list its kernels", async () => {
  const file = checkDeviceFile(
    changed((f) => (f.devices[1].backend = "acme")),
    "mine.json",
  );
  await expect(deviceSet(file, "mine.json")).rejects.toMatchObject({ code: "devices/no-kernels" });
  const listed = checkDeviceFile(
    changed((f) => {
      f.devices[1].backend = "acme";
      f.devices[1].kernels = [];
      f.devices[1].layouts = [{ name: "rows", doc: "", rowGroup: 1, dtypes: ["f32"] }];
    }),
    "mine.json",
  );
  expect((await deviceSet(listed, "mine.json")).devices[1]).toMatchObject({ backend: "acme", kernels: [] });
});

test("several hosts are linked through those that have a network", async () => {
  const text = changed((f) => {
    const [cpu, card] = f.devices;
    const second = [
      { ...cpu, id: "cpu:1", host: "second" },
      { ...card, id: "cuda:1", host: "second" },
    ];
    Object.assign(f, {
      hosts: [
        { id: "server", name: "one" },
        { id: "second", name: "two" },
      ],
    });
    Object.assign(f, { devices: [...f.devices, ...second] });
    const [slot] = f.links;
    f.links.push({ ...slot, among: ["cpu:1", "cuda:1"] });
    f.links.push({ ...slot, kind: "network", among: ["cpu", "cpu:1"], bandwidth: 12.5e9, latencyNs: 30_000 });
  });
  const { devices, links } = await deviceSet(checkDeviceFile(text, "mine.json"), "mine.json");
  expect(devices.map(({ host }) => host)).toEqual(["server", "server", "second", "second"]);
  expect(links).toHaveLength(6);
  const across = links.find(({ between }) => between.join() === "cuda:0,cuda:1");
  expect(across).toMatchObject({ kind: "network", latencyNs: 8000 + 30_000 + 8000 });
  expect(across?.bandwidth).toBeLessThan(12.5e9);
});

test("a name that is neither a profile nor a file says what there is", async () => {
  await expect(readDevices("rtx9090")).rejects.toMatchObject({
    code: "devices/unreadable",
    hint: expect.stringContaining("rtx4080"),
  });
});
