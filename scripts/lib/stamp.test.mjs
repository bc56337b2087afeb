import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Stamp } from "./stamp.mjs";

describe("the set-up's stamp", () => {
  let base;
  const files = ["a.ts", "b.ts"];
  const path = (name) => join(base, name);
  const current = (key = "key", inputs = files) => new Stamp(base).isCurrent("step", key, inputs);

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "tensorplan-stamp-"));
    for (const name of [...files, "out.js"]) writeFileSync(path(name), name);
    const stamp = new Stamp(base);
    stamp.done("step", "key", stamp.capture(files), ["out.js"]);
  });

  afterEach(() => rmSync(base, { recursive: true }));

  it("accepts what is as it was", () => {
    expect(current()).toBe(true);
  });

  it("accepts a file that was only touched, and remembers its new time", () => {
    utimesSync(path("a.ts"), 1_000, 1_000);
    const stamp = new Stamp(base);
    expect(stamp.isCurrent("step", "key", files)).toBe(true);
    stamp.save();
    expect(JSON.parse(readFileSync(path(".stamp/setup.json"), "utf8")).steps.step.files["a.ts"][0]).toBe(
      1_000_000,
    );
  });

  it("refuses a changed file of the same size", () => {
    writeFileSync(path("a.ts"), "A.ts");
    utimesSync(path("a.ts"), 1_000, 1_000);
    expect(current()).toBe(false);
  });

  it("refuses a file more or less", () => {
    writeFileSync(path("c.ts"), "");
    expect(current("key", [...files, "c.ts"])).toBe(false);
    expect(current("key", ["a.ts"])).toBe(false);
  });

  it("refuses another key and a lost output", () => {
    expect(current("another compiler")).toBe(false);
    rmSync(path("out.js"));
    expect(current()).toBe(false);
  });

  it("counts an edit made while the step ran as new", () => {
    const stamp = new Stamp(base);
    const before = stamp.capture(files);
    writeFileSync(path("a.ts"), "edited meanwhile");
    stamp.done("step", "key", before, ["out.js"]);
    expect(current()).toBe(false);
  });

  it("starts afresh from a stamp that was cut off", () => {
    writeFileSync(path(".stamp/setup.json"), '{"version":1,"ste');
    expect(current()).toBe(false);
  });
});
