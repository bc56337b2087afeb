import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();
const floats = (bytes: Buffer) =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

describe("logits", () => {
  const tokens = "0,1372,262,2649";

  test("writes raw f32 of the last position, or of all", async () => {
    const [last, all] = [join(folder, "last.f32"), join(folder, "all.f32")];
    expect((await tensorplan(["logits", "--tokens", tokens, "-o", last])).code).toBe(0);
    const { stdout } = await tensorplan(["logits", "--tokens", tokens, "--all", "--json", "-o", all]);
    expect(JSON.parse(stdout)).toEqual({ path: all, positions: 4, vocab: 4096, bytes: 4 * 4096 * 4 });
    const [one, four] = [floats(readFileSync(last)), floats(readFileSync(all))];
    expect(one.length).toBe(4096);
    expect(four.length).toBe(4 * 4096);
    expect(four.subarray(3 * 4096)).toEqual(one);
  });

  test("both backends agree, and - is standard output", async () => {
    const run = async (backend: string) => {
      const argv = ["logits", "--tokens", "0,1372", "-o", "-", "--backend", backend];
      return floats((await tensorplan(argv)).bytes);
    };
    const [cpu, oracle] = [await run("cpu"), await run("reference")];
    const deviation = Math.sqrt(oracle.reduce((sum, x) => sum + x * x, 0) / oracle.length);
    const error = cpu.reduce((sum, x, i) => sum + Math.abs(x - (oracle[i] ?? 0)), 0) / cpu.length;
    expect(error).toBeLessThan(0.03 * deviation);
    expect(cpu.indexOf(Math.max(...cpu))).toBe(oracle.indexOf(Math.max(...oracle)));
  });

  test.skipIf(!existsSync("/dev/full"))("says when the disk is full", async () => {
    const { code, stderr } = await tensorplan(["logits", "--tokens", tokens, "-o", "/dev/full"]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[cli/disk-full]");
  });

  test("says when the folder isn't there, and leaves nothing", async () => {
    const { code, stderr } = await tensorplan(["logits", "--tokens", tokens, "-o", join(folder, "no", "x")]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[cli/unwritable]");
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("needs a place to write to", async () => {
    expect((await tensorplan(["logits", "--tokens", tokens])).code).toBe(2);
  });
});

describe("perplexity", () => {
  const ids: number[] = JSON.parse(readFileSync(reference("ppl-tokens.json"), "utf8")).ids;
  const expected = JSON.parse(readFileSync(reference("tiny-iq4_nl.json"), "utf8")).perplexity;

  test("of the first chunks is the reference's", async () => {
    const path = join(folder, "ids.json");
    writeFileSync(path, JSON.stringify(ids.slice(0, 1024)));
    const { code, stdout } = await tensorplan(["perplexity", "--tokens-file", path, "--json"]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.tokens).toBe(1024);
    expect(result.chunks).toHaveLength(2);
    const sums: readonly number[] = expected.nll_per_chunk;
    result.chunks.forEach(({ nll }: { nll: number }, i: number) => {
      expect(Math.abs(nll / (sums[i] ?? 0) - 1)).toBeLessThan(0.005);
    });
  });

  test("of a text counts every token of it", async () => {
    const path = join(folder, "text.txt");
    writeFileSync(path, "In the beginning God created the heaven and the earth.");
    const { stdout, stderr } = await tensorplan(["perplexity", "-f", path, "--chunk", "8"]);
    expect(Number(stdout)).toBeGreaterThan(1);
    expect(stderr).toMatch(/perplexity of \d+ tokens in \d+ chunks/);
  });

  test.each([
    ["no ids", '{"tokens": [1]}', "cli/tokens-file"],
    ["ids beyond the vocabulary", "[1, 5000]", "cli/token-range"],
    ["one token", "[1]", "cli/text-too-short"],
  ])("refuses %s", async (_, content, errorCode) => {
    const path = join(folder, "bad.json");
    writeFileSync(path, content);
    const { code, stderr } = await tensorplan(["perplexity", "--tokens-file", path]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[${errorCode}]`);
  });
});

describe("bench and sweep", () => {
  const sizes = ["-p", "16", "-n", "2", "-r", "2"];

  test("bench gives llama-bench's fields", async () => {
    const { code, stdout } = await tensorplan(["bench", ...sizes, "-gp", "8,2", "-o", "json"]);
    expect(code).toBe(0);
    const records: readonly Record<string, unknown>[] = JSON.parse(stdout);
    expect(records.map(({ test: name }) => name)).toEqual(["pp16", "tg2", "tg2@pp8"]);
    for (const record of records) {
      expect(record).toMatchObject({
        model_type: "deepseek2 18.53 M iq4_nl",
        model_n_params: 18_530_560,
        n_ubatch: 512,
      });
      expect(record.samples_ns).toHaveLength(2);
      expect(record.avg_ts).toBeGreaterThan(0);
    }
    expect(records[2]).toMatchObject({ n_prompt: 8, n_gen: 2 });
  });

  test("bench prints a table in Markdown", async () => {
    const { stdout } = await tensorplan(["bench", ...sizes]);
    const [head, rule, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^\| model +\| +size \| +params \| backend \| threads \| +test \| +t\/s \|$/);
    expect(rule).toMatch(/^[| :-]+$/);
    expect(rows).toHaveLength(2);
  });

  test("bench with nothing to time is a mistake", async () => {
    expect((await tensorplan(["bench", "-p", "0", "-n", "0"])).code).toBe(2);
  });

  test("sweep measures at every step up to the context", async () => {
    const { code, stdout } = await tensorplan(["sweep", "-c", "64", "-ub", "16", "-n", "2", "--json"]);
    expect(code).toBe(0);
    const rows: readonly { n_kv: number; pp: number; tg: number }[] = JSON.parse(stdout);
    expect(rows.map(({ n_kv }) => n_kv)).toEqual([0, 16, 32, 48]);
    expect(rows[0]).toMatchObject({ pp: 16, tg: 2 });
    expect((await tensorplan(["sweep", "-c", "8", "-ub", "16"])).code).toBe(2);
  });
});
