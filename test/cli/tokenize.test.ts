import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();

describe("tokenize", () => {
  test("shows ids with their text, begin-of-text first", async () => {
    const { code, stdout, stderr } = await tensorplan(["tokenize", "-p", "In the beginning"]);
    expect(code).toBe(0);
    expect(stdout).toBe('  id  text\n   0  "<bos>"\n1372  "In"\n 262  " the"\n2649  " beginning"\n');
    expect(stderr).toContain("4 tokens");
  });

  test("gives ids that go in again by --tokens", async () => {
    const { stdout } = await tensorplan(["tokenize", "--ids", "-p", "In the beginning"]);
    expect(stdout).toBe("0,1372,262,2649\n");
    const back = await tensorplan(["tokenize", "--json", "--tokens", stdout.trim()]);
    expect(JSON.parse(back.stdout)).toMatchObject({ ids: [0, 1372, 262, 2649], text: "In the beginning" });
  });

  test("leaves the begin-of-text token out when told, and reads control tokens when told", async () => {
    expect((await tensorplan(["tokenize", "--ids", "--no-bos", "-p", "In"])).stdout).toBe("1372\n");
    expect((await tensorplan(["tokenize", "--ids", "--no-bos", "--special", "-p", "<eos>"])).stdout).toBe(
      "1\n",
    );
  });

  test("reads a file, or standard input", async () => {
    const path = join(folder, "text.txt");
    writeFileSync(path, "In the beginning");
    expect((await tensorplan(["tokenize", "--ids", "-f", path])).stdout).toBe("0,1372,262,2649\n");
    const piped = await tensorplan(["tokenize", "--ids", "-f", "-"], { stdin: "In the beginning" });
    expect(piped.stdout).toBe("0,1372,262,2649\n");
  });

  test("an empty text is no tokens but the first", async () => {
    expect((await tensorplan(["tokenize", "--ids", "--no-bos", "-p", ""])).stdout).toBe("\n");
  });

  test.each([
    ["a token beyond the vocabulary", ["--tokens", "4096"], "cli/token-range"],
    ["a file that isn't there", ["-f", join(folder, "none")], "cli/unreadable"],
    ["a folder", ["-f", folder], "cli/unreadable"],
    ["a file that isn't text", ["-f", join(folder, "latin1")], "cli/not-text"],
    ["a model that isn't there", ["-m", join(folder, "none"), "-p", "x"], "gguf/unreadable"],
  ])("%s is an error", async (_, argv, errorCode) => {
    writeFileSync(join(folder, "latin1"), Buffer.from([0x41, 0xe9, 0x41]));
    const { code, stderr } = await tensorplan(["tokenize", ...argv]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[${errorCode}]`);
  });
});
