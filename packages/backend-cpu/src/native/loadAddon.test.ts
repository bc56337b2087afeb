import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadAddonFrom } from "./loadAddon.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorplan-addon-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("loading the add-on", () => {
  it("says that it isn't built where there is no file", () => {
    const result = loadAddonFrom(join(folder, "absent.node"));
    expect(result).toMatchObject({ kind: "missing", code: "cpu/not-built" });
    expect(result.kind === "missing" && result.reason).toContain("native add-on isn't built: ");
  });

  it("gives a reason, and doesn't throw, where the file isn't a library", () => {
    const path = join(folder, "damaged.node");
    writeFileSync(path, "not a library");
    const result = loadAddonFrom(path);
    expect(result).toMatchObject({ kind: "missing", code: "cpu/broken" });
    expect(result.kind === "missing" && result.reason).toContain("doesn't load");
  });
});
