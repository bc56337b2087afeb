import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TensorplanError } from "@tensorplan/ir";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ByteWriter } from "./byteWriter.ts";
import { type GgufType, ggufTypes } from "./ggufValue.ts";
import { openGguf, requireDType } from "./openGguf.ts";
import { readTensorBytes } from "./readTensorBytes.ts";
import { scanHeader } from "./scanHeader.ts";

const folder = mkdtempSync(join(tmpdir(), "gguf-bad-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function save(bytes: Uint8Array): string {
  const path = join(folder, `${files++}.gguf`);
  writeFileSync(path, bytes);
  return path;
}

interface RawTensor {
  readonly name?: string;
  /** Fastest axis first, as in the file. */
  readonly sizes?: readonly (number | bigint)[];
  readonly rank?: number;
  readonly type?: number;
  readonly offset?: number | bigint;
}

interface RawFile {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: number | bigint;
  readonly entryCount?: number | bigint;
  readonly entries?: readonly ((out: ByteWriter) => void)[];
  readonly tensors?: readonly RawTensor[];
  readonly data?: number;
}

/** Writes whatever it is told, right or wrong. */
function build(file: RawFile = {}): Uint8Array {
  const { entries = [text("general.architecture", "x")], tensors = [{}], data = 128 } = file;
  const out = new ByteWriter();
  out.raw(Buffer.from(file.magic ?? "GGUF"));
  out.u32(file.version ?? 3);
  out.u64(file.tensorCount ?? tensors.length);
  out.u64(file.entryCount ?? entries.length);
  for (const entry of entries) entry(out);
  for (const [i, { name = `t${i}`, sizes = [8, 4], type = 0, offset = 0, rank }] of tensors.entries()) {
    out.string(name);
    out.u32(rank ?? sizes.length);
    for (const size of sizes) out.u64(size);
    out.u32(type);
    out.u64(offset);
  }
  out.raw(new Uint8Array(Math.ceil(out.length / 32) * 32 - out.length + data).fill(7));
  return Uint8Array.from(out.bytes);
}

const id = (type: GgufType): number => ggufTypes.indexOf(type);

const text =
  (key: string, value: string) =>
  (out: ByteWriter): void => {
    out.string(key);
    out.u32(id("string"));
    out.string(value);
  };

const typeOnly =
  (key: string, type: number) =>
  (out: ByteWriter): void => {
    out.string(key);
    out.u32(type);
  };

const u32 =
  (key: string, value: number) =>
  (out: ByteWriter): void => {
    out.string(key);
    out.u32(id("u32"));
    out.u32(value);
  };

const array =
  (key: string, of: number, length: number | bigint, items: (out: ByteWriter) => void = () => {}) =>
  (out: ByteWriter): void => {
    out.string(key);
    out.u32(id("array"));
    out.u32(of);
    out.u64(length);
    items(out);
  };

const nested =
  (depth: number) =>
  (out: ByteWriter): void => {
    for (let i = 0; i < depth; i++) {
      out.u32(id("array"));
      out.u64(1);
    }
    out.u32(id("u8"));
    out.u64(0);
  };

const good = build({
  entries: [
    text("general.architecture", "x"),
    u32("general.alignment", 32),
    array("names", id("string"), 2, (out) => {
      out.string("one");
      out.string("two");
    }),
    array("numbers", id("f32"), 3, (out) => out.raw(new Uint8Array(12))),
    array("lists", id("array"), 1, nested(1)),
  ],
  tensors: [{}, { sizes: [32], type: 8, offset: 128 }],
  data: 128 + 34,
});

describe("openGguf refuses", () => {
  it.each<[rule: string, what: string, bytes: Uint8Array]>([
    ["truncated", "an empty file", new Uint8Array(0)],
    ["magic", "another kind of file", Buffer.from("PK\u0003\u0004 and so on")],
    ["version", "version 1", build({ version: 1 })],
    ["version", "a version to come", build({ version: 4 })],
    ["big-endian", "a big-endian file", build({ version: 0x0300_0000 })],
    ["count", "more tensors than fit", build({ tensorCount: 2 ** 40 })],
    ["count", "2^63 tensors", build({ tensorCount: 2n ** 63n })],
    ["count", "more entries than fit", build({ entryCount: 1_000_000 })],
    ["count", "an entry less than counted", build({ entryCount: 2, tensors: [], data: 0 })],
    ["string-length", "a string past the end", build({ entries: [(out) => out.u64(2 ** 50)] })],
    ["truncated", "a key a little past the end", build({ entries: [(out) => out.u64(500)] })],
    ["value-type", "an unknown value type", build({ entries: [typeOnly("k", 13)] })],
    ["value-type", "an unknown element type", build({ entries: [array("k", 99, 1)] })],
    ["count", "an array longer than the file", build({ entries: [array("k", id("u8"), 2 ** 33)] })],
    ["count", "an array of 2^64 - 1 strings", build({ entries: [array("k", id("string"), 2n ** 64n - 1n)] })],
    ["count", "lists in lists with huge counts", build({ entries: [array("k", id("array"), 2 ** 30)] })],
    ["nesting", "lists nested six deep", build({ entries: [array("k", id("array"), 1, nested(5))] })],
    ["duplicate-key", "a key twice", build({ entries: [u32("k", 1), u32("k", 1)] })],
    ["alignment", "an alignment of 48", build({ entries: [u32("general.alignment", 48)] })],
    ["alignment", "an alignment of 0", build({ entries: [u32("general.alignment", 0)] })],
    ["wrong-type", "an alignment in words", build({ entries: [text("general.alignment", "32")] })],
    ["rank", "a tensor without axes", build({ tensors: [{ sizes: [] }] })],
    ["rank", "a tensor of five axes", build({ tensors: [{ sizes: [1, 1, 1, 1, 1] }] })],
    ["rank", "a tensor of 2^32 - 1 axes", build({ tensors: [{ rank: 0xffff_ffff }] })],
    ["empty-axis", "a size of 0", build({ tensors: [{ sizes: [8, 0] }] })],
    ["count", "a size of 2^63", build({ tensors: [{ sizes: [2n ** 63n] }] })],
    [
      "overflow",
      "sizes whose product overflows",
      build({ tensors: [{ sizes: [2 ** 52, 2 ** 52, 2 ** 52, 4] }] }),
    ],
    ["partial-block", "a row of 8 in blocks of 32", build({ tensors: [{ type: 8 }] })],
    ["misaligned", "an offset of 8", build({ tensors: [{ offset: 8 }] })],
    ["truncated", "a tensor past the end", build({ tensors: [{ sizes: [8, 4096] }] })],
    ["truncated", "an offset past the end", build({ tensors: [{ offset: 2 ** 45 }] })],
    [
      "truncated",
      "an offset of an unknown type past the end",
      build({ tensors: [{ type: 999, offset: 2 ** 45 }] }),
    ],
    ["count", "an offset of 2^63", build({ tensors: [{ offset: 2n ** 63n }] })],
    ["overlap", "tensors that overlap", build({ tensors: [{}, { offset: 96 }], data: 256 })],
    ["overlap", "two tensors in one place", build({ tensors: [{}, {}] })],
    [
      "duplicate-tensor",
      "two tensors of one name",
      build({ tensors: [{ name: "t" }, { name: "t", offset: 128 }], data: 256 }),
    ],
    [
      "split",
      "a part number outside the set",
      build({ entries: [u32("split.count", 2), u32("split.no", 2)] }),
    ],
    [
      "split",
      "a part under a name that hides the others",
      build({ entries: [u32("split.count", 2), u32("split.no", 0)] }),
    ],
    ["missing-key", "a part without a number", build({ entries: [u32("split.count", 2)] })],
  ])("gguf/%s: %s", async (rule, _what, bytes) => {
    const error = await openGguf(save(bytes)).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(TensorplanError);
    expect(error).toMatchObject({ code: `gguf/${rule}`, hint: expect.any(String) });
  });

  it("a file cut short at any byte", async () => {
    await expect(openGguf(save(good))).resolves.toMatchObject({ alignment: 32 });
    const damaged = expect.objectContaining({ code: expect.stringMatching(/^gguf\/(truncated|count)$/) });
    const headerEnd = scanHeader(good, good.length).end;
    for (let length = 0; length < headerEnd; length++) {
      expect(() => scanHeader(good.subarray(0, length), length), `cut to ${length} bytes`).toThrow(damaged);
    }
    const path = join(folder, "cut.gguf");
    for (let length = headerEnd; length < good.length; length += length < good.length - 40 ? 13 : 1) {
      writeFileSync(path, good.subarray(0, length));
      await expect(openGguf(path), `cut to ${length} bytes`).rejects.toEqual(damaged);
    }
  });

  it.each([
    ["a path that isn't there", join(folder, "none.gguf"), /there is no file/],
    ["a folder", folder, /isn't a file|is a folder/],
    ["a device that never ends", "/dev/zero", /isn't a file/],
  ])("%s", async (_what, path, message) => {
    await expect(openGguf(path)).rejects.toMatchObject({
      code: "gguf/unreadable",
      message: expect.stringMatching(message),
    });
  });
});

describe("openGguf accepts", () => {
  it("a tensor of an unknown type, and refuses it only when its values are wanted", async () => {
    const file = await openGguf(save(build({ tensors: [{ type: 999 }, { offset: 128 }], data: 256 })));
    const [unknown, known] = [...file.tensors.values()];
    expect(unknown).toMatchObject({ ggmlTypeId: 999, type: undefined, dtype: undefined, bytes: 128 });
    expect(known && requireDType(known)).toBe("f32");
    expect(() => unknown && requireDType(unknown)).toThrow(
      expect.objectContaining({ code: "gguf/unsupported-type", message: expect.stringMatching(/"t0".*999/) }),
    );
  });

  it("a known type that the IR can't compute with, by its name and size", async () => {
    const file = await openGguf(save(build({ tensors: [{ sizes: [512, 2], type: 144 }], data: 552 })));
    expect(file.tensors.get("t0")).toMatchObject({ bytes: 552, dtype: "iq4_ks", type: { name: "iq4_ks" } });
  });

  it("keys that would harm a plain object, and a byte order mark in a string", async () => {
    const keys = ["__proto__", "constructor", "version", "tensor_count", ""];
    const entries = [...keys.map((key) => text(key, `value of ${key}`)), text("marked", "\ufeffx")];
    const { metadata } = await openGguf(save(build({ entries })));
    for (const key of keys) expect(metadata.get(key)?.value).toBe(`value of ${key}`);
    expect(metadata.get("marked")?.value).toBe("\ufeffx");
  });

  it("a header larger than the first read, with long strings in it", async () => {
    const long = "ab€".repeat(250_000);
    const words = Array.from({ length: 50_000 }, (_, i) => `token ${i}`);
    const entries = [
      text("long", long),
      array("words", id("string"), words.length, (out) => {
        for (const word of words) out.string(word);
      }),
      text("after", "end"),
    ];
    const { metadata } = await openGguf(save(build({ entries })));
    expect(metadata.get("long")?.value).toBe(long);
    expect(metadata.get("words")?.value).toEqual(words);
    expect(metadata.get("after")?.value).toBe("end");
  });
});

describe("a large file made to do harm", () => {
  it.each([
    ["strings", id("string"), 8],
    ["lists", id("array"), 12],
  ])("is refused before it becomes millions of %s", (_what, of, bytesEach) => {
    const bytes = new Uint8Array(60_000_000);
    const count = 4_900_000;
    bytes.set(build({ entries: [array("k", of, 0)], tensors: [], data: 0 }));
    new DataView(bytes.buffer).setBigUint64(24 + 8 + 1 + 4 + 4, BigInt(count), true);
    expect(count * bytesEach).toBeLessThan(bytes.length);
    expect(() => scanHeader(bytes, bytes.length)).toThrow(expect.objectContaining({ code: "gguf/count" }));
  });
});

/** Opens a file and reads all that can be read of it. */
const outcome = async (path: string): Promise<string> => {
  try {
    const file = await openGguf(path);
    for (const tensor of file.tensors.values()) {
      if (tensor.type !== undefined) await readTensorBytes(file, tensor);
    }
    return "opened";
  } catch (error) {
    return error instanceof TensorplanError ? "TensorplanError" : `escaped: ${String(error)}`;
  }
};

describe("damage of any kind", () => {
  it("gives a file that opens or one TensorplanError, nothing else", async () => {
    const edit = fc.record({
      at: fc.nat(good.length - 1),
      to: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0xff)),
    });
    const path = join(folder, "fuzzed.gguf");
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(good.length), { freq: 3 }),
        async (edits, length) => {
          const bytes = Uint8Array.from(good);
          for (const { at, to } of edits) bytes[at] = to;
          writeFileSync(path, bytes.subarray(0, length ?? bytes.length));
          expect(await outcome(path)).toMatch(/^(opened|TensorplanError)$/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
