import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeWholeFile } from "./writeFile.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorplan-write-"));
afterAll(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;

describe("writing a whole file", () => {
  test("puts it in place at the end, over one that was there", async () => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    await writeWholeFile(
      path,
      async (file) => {
        await file.write("new");
        expect(readFileSync(path, "utf8")).toBe("old");
      },
      never,
    );
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("leaves nothing when writing fails or is cancelled", async () => {
    const path = join(folder, "b");
    const failing = writeWholeFile(path, () => Promise.reject(new Error("stop")), never);
    await expect(failing).rejects.toThrow("stop");
    const cancel = new AbortController();
    const cancelled = writeWholeFile(path, async () => cancel.abort(), cancel.signal);
    await expect(cancelled).rejects.toThrow("aborted");
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("says when there is no room", async () => {
    const writing = writeWholeFile("/dev/full", async (file) => void (await file.write("x")), never);
    await expect(writing).rejects.toMatchObject({ code: "cli/disk-full" });
  });

  test("says when the place can't be written", async () => {
    const noop = async () => {};
    await expect(writeWholeFile(join(folder, "no", "x"), noop, never)).rejects.toMatchObject({
      code: "cli/unwritable",
    });
    await expect(writeWholeFile(folder, noop, never)).rejects.toMatchObject({ code: "cli/unwritable" });
  });
});
