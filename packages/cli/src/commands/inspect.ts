import {
  embeddedModelPath,
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  openGguf,
} from "@tensorplan/models";
import { coloursFor } from "../output/colours.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";
import { bytes, quantity } from "../output/units.ts";
import { writeTensor } from "../tensor/writeTensor.ts";
import type { DefineCommand } from "./all.ts";

interface InspectFlags {
  readonly tensor?: string;
  readonly output?: string;
  readonly metadata?: true;
  readonly tensors?: true;
  readonly json?: true;
}

export const inspect: DefineCommand = (command, context) => {
  command
    .description(
      "Shows what a GGUF file holds: its metadata and its tensors. Only the headers are read, unless a tensor's values are asked for.",
    )
    .argument("[FILE]", "GGUF file, any part of a split one (default: the model that comes along)")
    .option("--metadata", "show only the metadata")
    .option("--tensors", "show only the tensors")
    .option("--tensor <NAME>", "write this tensor's values to the file of -o")
    .option(
      "-o, --output <FILE>",
      "receives the values of --tensor: little-endian f32, row by row; it appears when it is whole",
    )
    .option("--json", "print everything as JSON, long arrays in full")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan inspect model.gguf\n  tensorplan inspect --json model.gguf | jq .metadata\n  tensorplan inspect model.gguf --tensor output.weight -o output.f32",
    )
    .action(async (path: string | undefined, flags: InspectFlags) => {
      const file = await openGguf(path ?? embeddedModelPath());
      if (flags.tensor !== undefined || flags.output !== undefined) {
        return await writeTensor(file, flags.tensor, flags.output, flags.json === true, context);
      }
      const both = flags.metadata === flags.tensors;
      const wanted = { metadata: both || flags.metadata === true, tensors: both || flags.tensors === true };
      if (flags.json) return writeJson(context.stdout, asJson(file, wanted));
      const { bold, dim } = coloursFor(context.stdout, context.env);
      const parts = [
        `${file.paths.map((each) => bold(each)).join("\n")}\n${dim(summary(file))}\n`,
        ...(wanted.metadata ? [metadataTable(file)] : []),
        ...(wanted.tensors ? [tensorTable(file)] : []),
      ];
      await writeTo(context.stdout, parts.join("\n"));
    });
};

interface Wanted {
  readonly metadata: boolean;
  readonly tensors: boolean;
}

const asJson = (file: GgufFile, wanted: Wanted) => ({
  paths: file.paths,
  version: file.version,
  alignment: file.alignment,
  ...(wanted.metadata
    ? { metadata: Object.fromEntries([...file.metadata].map(([key, entry]) => [key, jsonOf(entry)])) }
    : {}),
  ...(wanted.tensors
    ? {
        tensors: [...file.tensors.values()].map(
          ({ name, shape, type, ggmlTypeId, file: part, offset, bytes: size }) => ({
            name,
            shape,
            type: type?.name ?? ggmlTypeId,
            file: part,
            offset,
            bytes: size,
          }),
        ),
      }
    : {}),
});

/** Arrays of arrays carry types inside; plain values are what JSON wants. */
const jsonOf = (entry: GgufValue): unknown =>
  entry.type === "array" && entry.of === "array" ? entry.value.map(jsonOf) : entry.value;

const parameters = (tensors: Iterable<GgufTensor>): number =>
  [...tensors].reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);

function summary({ version, tensors, metadata }: GgufFile): string {
  const size = [...tensors.values()].reduce((sum, tensor) => sum + tensor.bytes, 0);
  return `GGUF version ${version} · ${metadata.size} keys · ${tensors.size} tensors · ${quantity(parameters(tensors.values()))} parameters · ${bytes(size)} of weights`;
}

const metadataTable = ({ metadata }: GgufFile): string =>
  table(
    [{ title: "key" }, { title: "type" }, { title: "value" }],
    [...metadata].map(([key, entry]) => [
      shown(key, 80),
      entry.type === "array" ? `${entry.of}[${entry.value.length}]` : entry.type,
      entry.type === "array" ? firstOf(entry.value) : plain(entry.value, 72),
    ]),
  );

const tensorTable = ({ tensors }: GgufFile): string =>
  table(
    [
      { title: "tensor" },
      { title: "type" },
      { title: "shape", align: "right" },
      { title: "bytes", align: "right" },
      { title: "offset", align: "right" },
    ],
    [...tensors.values()].map(({ name, type, ggmlTypeId, shape, bytes: size, offset }) => [
      shown(name, 80),
      type?.name ?? `unknown (${ggmlTypeId})`,
      `[${shape.join(", ")}]`,
      String(size),
      String(offset),
    ]),
  );

function firstOf(array: ArrayLike<unknown>): string {
  const first = Array.from({ length: Math.min(array.length, 6) }, (_, i) => plain(array[i], 16));
  return `${first.join(", ")}${array.length > 6 ? ", …" : ""}`;
}

function plain(value: unknown, width: number): string {
  if (typeof value === "string") return JSON.stringify(shown(value, width));
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(7)));
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? `${value}`
    : "[…]";
}

/** Text from a file, without control characters and not too long. */
function shown(text: string, width: number): string {
  const safe = text.replaceAll(/\p{Cc}/gu, (c) =>
    c === "\n" ? "\n" : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return safe.length > width ? `${safe.slice(0, width - 1)}…` : safe;
}
