import { open } from "node:fs/promises";
import { type DType, dtypes, rowBytes } from "@tensorplan/ir";
import { ggufError, quoted } from "../gguf/ggufError.ts";

/** Some rows of a tensor in a file, to be stored in another type. */
export interface EncodeJob {
  readonly tensor: string;
  readonly path: string;
  /** Where the first row begins in the file. */
  readonly offset: number;
  readonly from: DType;
  readonly to: DType;
  readonly rows: number;
  readonly columns: number;
}

export interface EncodedRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Sums of squares: of what was lost, and of the values. */
  readonly error: number;
  readonly norm: number;
}

/** @throws TensorplanError `gguf/truncated`, `gguf/not-finite` */
export async function encodeRows(job: EncodeJob): Promise<EncodedRows> {
  const { from, to, rows, columns } = job;
  const values = new Float32Array(rows * columns);
  dtypes[from].decode(await readAt(job, rows * rowBytes(from, columns)), values, columns);
  const norm = values.reduce((sum, value) => sum + value * value, 0);
  if (!Number.isFinite(norm)) throw notFinite(job);
  const bytes = new Uint8Array(rows * rowBytes(to, columns));
  dtypes[to].encode(values, bytes, columns);
  if (dtypes[to].kind !== "block") return { bytes, error: 0, norm };
  const back = new Float32Array(values.length);
  dtypes[to].decode(bytes, back, columns);
  let error = 0;
  for (let i = 0; i < back.length; i++) error += ((back[i] as number) - (values[i] as number)) ** 2;
  return { bytes, error, norm };
}

async function readAt({ path, offset, tensor }: EncodeJob, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const file = await open(path, "r");
  try {
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) {
        throw ggufError(
          "truncated",
          `${path} ends inside tensor ${quoted(tensor)}`,
          "the file was changed after it was opened: start again",
        );
      }
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

const notFinite = ({ tensor, path }: EncodeJob) =>
  ggufError(
    "not-finite",
    `tensor ${quoted(tensor)} holds values that aren't finite numbers`,
    `${path} is damaged: download or convert it again`,
    { tensor },
  );
