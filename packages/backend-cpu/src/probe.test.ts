import { FILE_MAPS } from "@tensorplan/backend-api";
import { describe, expect, it } from "vitest";
import type { NativeAddon } from "./native/addon.ts";
import { probe } from "./probe.ts";

/** An add-on of a CPU with AVX2. */
const addon = {
  abi: 1,
  features(isa: string) {
    if (isa === "") return ["avx2", "fma", "f16c"];
    if (isa === "generic") return [];
    throw new Error(`unknown instruction set "${isa}"`);
  },
} as unknown as NativeAddon;
const load = () => ({ kind: "loaded", addon }) as const;

const profilesOf = (result: ReturnType<typeof probe>) => (result.kind === "devices" ? result.devices : []);

describe("probing the CPU", () => {
  it("finds one device called cpu, with as many threads as asked", () => {
    const [cpu, ...others] = profilesOf(probe({ threads: 3, isa: "" }, load));
    expect(others).toEqual([]);
    expect(cpu).toMatchObject({
      id: "cpu",
      backend: "cpu",
      threads: 3,
      features: ["avx2", "fma", "f16c", FILE_MAPS],
    });
  });

  it("splits the memory among several devices with ids of their own", () => {
    const [whole] = profilesOf(probe({ threads: 1, isa: "" }, load));
    const parts = profilesOf(probe({ devices: 2, threads: 1, isa: "" }, load));
    expect(parts.map(({ id }) => id)).toEqual(["cpu:0", "cpu:1"]);
    for (const part of parts) expect(part.memoryBytes).toBe(Math.floor((whole?.memoryBytes ?? 0) / 2));
  });

  it("gives the same profile each time, whatever the features", () => {
    const first = probe({ threads: 2, isa: "" }, load);
    expect(probe({ threads: 2, isa: "" }, load)).toEqual(first);
    const generic = probe({ threads: 2, isa: "generic" }, load);
    expect(profilesOf(generic)[0]?.rates).toEqual(profilesOf(first)[0]?.rates);
    expect(profilesOf(generic)[0]?.features).toEqual([FILE_MAPS]);
  });

  it("gives reasons instead of devices", () => {
    expect(probe({ isa: "sse9" }, load)).toMatchObject({ kind: "none", code: "cpu/isa" });
    expect(probe({ threads: 0, isa: "" }, load)).toMatchObject({ kind: "none", code: "cpu/threads" });
    expect(probe({ devices: 1.5, isa: "" }, load)).toMatchObject({ kind: "none", code: "cpu/devices" });
    const missing = () => ({ kind: "missing", code: "cpu/not-built", reason: "isn't built" }) as const;
    expect(probe({}, missing)).toEqual({ kind: "none", code: "cpu/not-built", reason: "isn't built" });
  });
});
