import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { embeddedModelPath } from "../embeddedModelPath.ts";
import { decodeMetadata } from "./decodeMetadata.ts";
import { encodeHeader } from "./encodeHeader.ts";
import type { GgufMetadata, GgufValue } from "./ggufValue.ts";
import { openGguf } from "./openGguf.ts";
import { readTensorBytes, rowCount } from "./readTensorBytes.ts";
import { scanHeader } from "./scanHeader.ts";
import { type TensorFill, type TensorToWrite, writeGguf } from "./writeGguf.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gguf-write-"));
  path = join(folder, "model.gguf");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const none: GgufMetadata = new Map();
const bytesOf = (length: number, start = 0) => Uint8Array.from({ length }, (_, i) => start + i * 7);

const everyType: GgufMetadata = new Map<string, GgufValue>([
  ["u8", { type: "u8", value: 255 }],
  ["i8", { type: "i8", value: -128 }],
  ["u16", { type: "u16", value: 65_535 }],
  ["i16", { type: "i16", value: -32_768 }],
  ["u32", { type: "u32", value: 0xffff_ffff }],
  ["i32", { type: "i32", value: -(2 ** 31) }],
  ["u64", { type: "u64", value: 2n ** 64n - 1n }],
  ["i64", { type: "i64", value: -(2n ** 63n) }],
  ["f32", { type: "f32", value: Math.fround(0.1) }],
  ["f64", { type: "f64", value: 0.1 }],
  ["infinite", { type: "f32", value: Number.NEGATIVE_INFINITY }],
  ["nan", { type: "f64", value: Number.NaN }],
  ["yes", { type: "bool", value: true }],
  ["no", { type: "bool", value: false }],
  ["text", { type: "string", value: "ü 中 😀 \0 \ufeff" }],
  ["empty", { type: "string", value: "" }],
  ["u8s", { type: "array", of: "u8", value: Uint8Array.of(0, 255) }],
  ["i8s", { type: "array", of: "i8", value: Int8Array.of(-1) }],
  ["u16s", { type: "array", of: "u16", value: Uint16Array.of(1, 65_535) }],
  ["i16s", { type: "array", of: "i16", value: Int16Array.of(-2, 2) }],
  ["u32s", { type: "array", of: "u32", value: Uint32Array.of(0xffff_ffff) }],
  ["i32s", { type: "array", of: "i32", value: Int32Array.of(-3) }],
  ["u64s", { type: "array", of: "u64", value: BigUint64Array.of(2n ** 63n) }],
  ["i64s", { type: "array", of: "i64", value: BigInt64Array.of(-4n) }],
  ["f32s", { type: "array", of: "f32", value: Float32Array.of(0.5, Number.NaN) }],
  ["f64s", { type: "array", of: "f64", value: Float64Array.of(Math.PI) }],
  ["bools", { type: "array", of: "bool", value: [true, false] }],
  ["strings", { type: "array", of: "string", value: ["", "a", "\ufeffb"] }],
  ["nothing", { type: "array", of: "string", value: [] }],
  [
    "lists",
    {
      type: "array",
      of: "array",
      value: [
        { type: "array", of: "u8", value: Uint8Array.of(1) },
        { type: "array", of: "string", value: ["x"] },
      ],
    },
  ],
]);

describe("writeGguf", () => {
  it("writes metadata of every type that reads back the same, in the same order", async () => {
    await writeGguf(path, everyType, []);
    const { metadata } = await openGguf(path);
    expect([...metadata]).toEqual([...everyType]);
  });

  it("writes any text and number that reads back the same", async () => {
    const value: fc.Arbitrary<GgufValue> = fc.oneof(
      fc.record({
        type: fc.constant("string" as const),
        value: fc.string({ unit: "binary" }),
      }),
      fc.record({ type: fc.constant("f64" as const), value: fc.double() }),
      fc.record({ type: fc.constant("u64" as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
      fc.record({ type: fc.constant("i32" as const), value: fc.integer() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string(), value), { maxLength: 6 }), async (entries) => {
        const metadata = new Map(entries);
        const header = encodeHeader(metadata, []);
        expect(await decodeMetadata(header, scanHeader(header, header.length))).toEqual(metadata);
      }),
      { numRuns: 25 },
    );
  });

  it("takes tensors as bytes, as chunks of any size and as a function, and pads between them", async () => {
    const chunks = async function* () {
      for (const [from, to] of [
        [0, 1],
        [1, 1],
        [1, 60],
        [60, 64],
      ] as const) {
        yield bytesOf(64).subarray(from, to);
      }
    };
    const tensors: TensorToWrite[] = [
      { name: "whole", shape: [3, 1], type: "f32", data: bytesOf(12) },
      { name: "chunks", shape: [2, 2, 4], type: "f32", data: chunks() },
      {
        name: "filled",
        shape: [5, 64],
        type: "q8_0",
        data: (into, offset) => into.set(bytesOf(340).subarray(offset, offset + into.length)),
      },
      { name: "foreign", shape: [256], type: 137, data: [bytesOf(76)] },
    ];
    const size = await writeGguf(path, none, tensors);
    expect(readFileSync(path)).toHaveLength(size);
    const file = await openGguf(path);
    const expected = [bytesOf(12), bytesOf(64), bytesOf(340), bytesOf(76)];
    for (const [i, tensor] of [...file.tensors.values()].entries()) {
      expect(tensor.shape).toEqual(tensors[i]?.shape);
      expect(tensor.offset % 32).toBe(0);
      expect(await readTensorBytes(file, tensor)).toEqual(expected[i]);
    }
    expect(readdirSync(folder)).toEqual(["model.gguf"]);
  });

  it("gives a fill function whole rows, whatever the buffer's size", async () => {
    const sizes: number[] = [];
    const fill = (into: Uint8Array, offset: number) => {
      sizes.push(into.length);
      for (let i = 0; i < into.length; i++) into[i] = (offset + i) % 251;
    };
    await writeGguf(path, none, [{ name: "t", shape: [1000, 10], type: "f32", data: fill }], {
      bufferBytes: 4099,
    });
    expect(sizes.every((size) => size > 0 && size % 40 === 0)).toBe(true);
    expect(sizes.length).toBeGreaterThan(5);
    const file = await openGguf(path);
    const [tensor] = [...file.tensors.values()];
    const bytes = tensor && (await readTensorBytes(file, tensor));
    expect(bytes).toEqual(Uint8Array.from({ length: 40_000 }, (_, i) => i % 251));
  });

  it("writes the embedded model again bit for bit", async () => {
    const file = await openGguf(embeddedModelPath());
    const tensors = [...file.tensors.values()].map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      type: tensor.ggmlTypeId,
      data: (async function* () {
        yield await readTensorBytes(file, tensor);
      })(),
    }));
    await writeGguf(path, file.metadata, tensors);
    expect(Buffer.compare(readFileSync(path), readFileSync(embeddedModelPath()))).toBe(0);
  });

  it("aligns as asked, and says so in the file", async () => {
    const tensors = ["a", "b"].map((name) => ({ name, shape: [1], type: "f32" as const, data: bytesOf(4) }));
    await writeGguf(path, none, tensors, { alignment: 256 });
    const file = await openGguf(path);
    expect(file.alignment).toBe(256);
    expect([...file.tensors.values()].map((tensor) => tensor.offset % 256)).toEqual([0, 0]);
  });

  it("reports progress up to the whole", async () => {
    const seen: number[] = [];
    const size = await writeGguf(path, none, [{ name: "t", shape: [8], type: "f32", data: bytesOf(32) }], {
      onProgress: (written) => seen.push(written),
    });
    expect(seen.at(-1)).toBe(size);
  });

  it.each<[string, Partial<TensorToWrite>]>([
    ["shape", { shape: [] }],
    ["shape", { shape: [0] }],
    ["shape", { shape: [1, 1, 1, 1, 1] }],
    ["shape", { shape: [2 ** 40, 2 ** 40] }],
    ["shape", { type: "iq4_nl", shape: [8] }],
    ["shape", { type: 999 }],
    ["data-size", { data: bytesOf(31) }],
    ["data-size", { data: bytesOf(33) }],
    ["data-size", { data: [bytesOf(32), bytesOf(1)] }],
  ])("refuses with gguf/%s, leaving nothing behind: %o", async (rule, wrong) => {
    const tensor: TensorToWrite = { name: "t", shape: [8], type: "f32", data: bytesOf(32), ...wrong };
    await expect(writeGguf(path, none, [tensor])).rejects.toMatchObject({ code: `gguf/${rule}` });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a name twice, a number out of range and a wrong alignment", async () => {
    const tensor: TensorToWrite = { name: "t", shape: [8], type: "f32", data: bytesOf(32) };
    const tooBig: GgufMetadata = new Map([["k", { type: "u8", value: 256 }]]);
    const tooSmall: GgufMetadata = new Map([["k", { type: "u64", value: -1n }]]);
    await expect(writeGguf(path, none, [tensor, tensor])).rejects.toMatchObject({
      code: "gguf/duplicate-tensor",
    });
    await expect(writeGguf(path, tooBig, [])).rejects.toMatchObject({ code: "gguf/value-range" });
    await expect(writeGguf(path, tooSmall, [])).rejects.toMatchObject({ code: "gguf/value-range" });
    await expect(writeGguf(path, none, [], { alignment: 24 })).rejects.toMatchObject({
      code: "gguf/alignment",
    });
  });

  it("leaves nothing behind, and the old file alone, when a source fails", async () => {
    writeFileSync(path, "old");
    const broken = async function* () {
      yield bytesOf(16);
      throw new Error("source broke");
    };
    await expect(
      writeGguf(path, none, [{ name: "t", shape: [8], type: "f32", data: broken() }]),
    ).rejects.toThrow("source broke");
    expect(readdirSync(folder)).toEqual(["model.gguf"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  it("stops when aborted and leaves nothing behind", async () => {
    const controller = new AbortController();
    let calls = 0;
    const fill = () => {
      if (++calls === 3) controller.abort();
    };
    await expect(
      writeGguf(path, none, [{ name: "t", shape: [1000, 1024], type: "f32", data: fill }], {
        signal: controller.signal,
        bufferBytes: 8192,
      }),
    ).rejects.toMatchObject({ code: "gguf/aborted" });
    expect(calls).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says that the disk is full when it fills up on the way, and leaves nothing behind", async () => {
    const handle = await open(embeddedModelPath());
    const prototype = Object.getPrototypeOf(handle) as { write: (...args: unknown[]) => Promise<unknown> };
    await handle.close();
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const write = prototype.write;
    let writes = 0;
    vi.spyOn(prototype, "write").mockImplementation(function (this: unknown, ...args: unknown[]) {
      return ++writes > 4 ? Promise.reject(full) : write.apply(this, args);
    });
    const tensor: TensorToWrite = {
      name: "t",
      shape: [100, 1024],
      type: "f32",
      data: (into) => void into.fill(1),
    };
    await expect(writeGguf(path, none, [tensor], { bufferBytes: 8192 })).rejects.toMatchObject({
      code: "gguf/disk-full",
      hint: expect.stringContaining("free some space"),
    });
    expect(writes).toBeGreaterThan(4);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses at once what can't fit on the disk", async () => {
    const fill = vi.fn<TensorFill>();
    const tensor: TensorToWrite = { name: "t", shape: [2 ** 24, 2 ** 24], type: "f32", data: fill };
    await expect(writeGguf(path, none, [tensor])).rejects.toMatchObject({ code: "gguf/disk-full" });
    expect(fill).not.toHaveBeenCalled();
  });

  it("says that the folder isn't there", async () => {
    await expect(writeGguf(join(folder, "no", "x.gguf"), none, [])).rejects.toMatchObject({
      code: "gguf/unwritable",
    });
  });
});

describe("readTensorBytes", () => {
  it("reads rows, and into a buffer of the right size only", async () => {
    await writeGguf(path, none, [{ name: "t", shape: [2, 3, 4], type: "f32", data: bytesOf(96) }]);
    const file = await openGguf(path);
    const tensor = file.tensors.get("t");
    if (tensor === undefined) throw new Error("the tensor is missing");
    expect(rowCount(tensor)).toBe(6);
    expect(await readTensorBytes(file, tensor, undefined, { start: 2, end: 5 })).toEqual(
      bytesOf(96).subarray(32, 80),
    );
    const into = new Uint8Array(16);
    expect(await readTensorBytes(file, tensor, into, { start: 5, end: 6 })).toBe(into);
    expect(into).toEqual(bytesOf(96).subarray(80));
    await expect(readTensorBytes(file, tensor, into)).rejects.toMatchObject({ code: "gguf/buffer-size" });
    await expect(readTensorBytes(file, tensor, undefined, { start: 0, end: 7 })).rejects.toMatchObject({
      code: "gguf/row-range",
    });
    writeFileSync(path, readFileSync(path).subarray(0, -64));
    await expect(readTensorBytes(file, tensor)).rejects.toMatchObject({ code: "gguf/truncated" });
  });
});

describe("a file of more than 4 GiB", () => {
  it("is read at any place", async () => {
    const rows = 1_100_000;
    const bytes = rows * 4096;
    const header = encodeHeader(none, [
      { name: "large", shape: [rows, 1024], typeId: 0, offset: 0 },
      { name: "last", shape: [8], typeId: 0, offset: bytes },
    ]);
    const dataStart = Math.ceil(header.length / 32) * 32;
    const handle = await open(path, "w");
    await handle.write(header);
    await handle.write(bytesOf(32), 0, 32, dataStart + bytes);
    await handle.write(bytesOf(8), 0, 8, dataStart + bytes - 8);
    await handle.close();

    const file = await openGguf(path);
    const [large, last] = [...file.tensors.values()];
    if (large === undefined || last === undefined) throw new Error("a tensor is missing");
    expect(last.offset).toBe(dataStart + bytes);
    expect(last.offset).toBeGreaterThan(2 ** 32);
    expect(await readTensorBytes(file, last)).toEqual(bytesOf(32));
    const row = await readTensorBytes(file, large, undefined, { start: rows - 1, end: rows });
    expect(row.subarray(-8)).toEqual(bytesOf(8));
  });
});

describe("a model in parts", () => {
  const part = async (
    index: number,
    count: number,
    extra: Partial<Record<"tensors" | "no" | "count", number>> = {},
  ) => {
    const name = join(folder, `m-0000${index + 1}-of-0000${count}.gguf`);
    const metadata: GgufMetadata = new Map<string, GgufValue>([
      ["split.no", { type: "u16", value: extra.no ?? index }],
      ["split.count", { type: "u16", value: extra.count ?? count }],
      ["split.tensors.count", { type: "i32", value: extra.tensors ?? count }],
      ["part", { type: "u32", value: index }],
    ]);
    await writeGguf(name, metadata, [
      { name: `t${index}`, shape: [8], type: "f32", data: bytesOf(32, index) },
    ]);
    return name;
  };

  it("opens whole, whichever part is named", async () => {
    const paths = [await part(0, 3), await part(1, 3), await part(2, 3)];
    for (const named of paths) {
      const file = await openGguf(named);
      expect(file.paths).toEqual(paths);
      expect(file.metadata.get("part")?.value).toBe(0);
      expect([...file.tensors.keys()]).toEqual(["t0", "t1", "t2"]);
      for (const tensor of file.tensors.values()) {
        expect(await readTensorBytes(file, tensor)).toEqual(bytesOf(32, tensor.file));
      }
    }
  });

  it("names the part that is missing", async () => {
    const first = await part(0, 2);
    await expect(openGguf(first)).rejects.toMatchObject({
      code: "gguf/split",
      message: expect.stringContaining("m-00002-of-00002.gguf"),
    });
  });

  it("notices a part of another set, a wrong total and a part renamed", async () => {
    const first = await part(0, 2);
    const second = await part(1, 2, { count: 3, no: 1 });
    await expect(openGguf(first)).rejects.toMatchObject({ code: "gguf/split" });
    await part(1, 2);
    await part(0, 2, { tensors: 7 });
    await expect(openGguf(first)).rejects.toMatchObject({
      code: "gguf/split",
      message: expect.stringContaining("7"),
    });
    renameSync(second, join(folder, "other.gguf"));
    await expect(openGguf(join(folder, "other.gguf"))).rejects.toMatchObject({ code: "gguf/split" });
  });

  it("notices one tensor in two parts", async () => {
    const first = await part(0, 2);
    const metadata: GgufMetadata = new Map<string, GgufValue>([
      ["split.no", { type: "u16", value: 1 }],
      ["split.count", { type: "u16", value: 2 }],
    ]);
    const tensor: TensorToWrite = { name: "t0", shape: [8], type: "f32", data: bytesOf(32) };
    await writeGguf(join(folder, "m-00002-of-00002.gguf"), metadata, [tensor]);
    await expect(openGguf(first)).rejects.toMatchObject({ code: "gguf/duplicate-tensor" });
  });
});
