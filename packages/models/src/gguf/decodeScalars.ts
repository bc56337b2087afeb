import { ggufError } from "./ggufError.ts";
import { type GgufScalar, type GgufScalarType, ggufTypes } from "./ggufValue.ts";
import type { EntrySpan } from "./scanHeader.ts";

/**
 * Decodes the metadata entries that hold one value, through the `@huggingface/gguf` parser. The parser reads URLs: it is given a header
 * made of just these entries by a `fetch` that answers from memory. Keys are replaced by plain numbers on the way, because the
 * parser collects them in an ordinary object, where `__proto__` or `version` would do harm.
 *
 * @param bytes the header, checked by `scanHeader`
 * @param entries spans whose type isn't `array`; strings of at most 64 KiB, which the parser reads whole
 * @returns values in the order of `entries`
 */
export async function decodeScalars(
  bytes: Uint8Array,
  version: number,
  entries: readonly EntrySpan[],
): Promise<readonly GgufScalar[]> {
  const header = scalarHeader(bytes, version, entries);
  const { gguf } = await import("@huggingface/gguf");
  const { typedMetadata } = await gguf("http://header.invalid/", {
    typedMetadata: true,
    fetch: async (_url, init) => rangeOf(header, init?.headers),
  });
  return entries.map((entry, i) => toScalar(entry, typedMetadata[String(i)]?.value));
}

/**
 * What the parser needs of a response: bytes, and headers to ask. A real `Response` would load Node's whole HTTP client first, which
 * takes longer than reading a model's header.
 */
function rangeOf(header: Uint8Array<ArrayBuffer>, request: RequestInit["headers"]): Response {
  const range = request !== undefined && "Range" in request ? String(request.Range) : "";
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  const bytes = header.slice(Number(start ?? 0), Number(end ?? header.length) + 1);
  const response = { headers: new Map<string, string>(), arrayBuffer: async () => bytes.buffer };
  return response as unknown as Response;
}

/** The parser holds at most 50 MB. */
const parserLimit = 40_000_000;

/** A GGUF header without tensors that holds `entries` under the keys "0", "1", … */
function scalarHeader(
  bytes: Uint8Array,
  version: number,
  entries: readonly EntrySpan[],
): Uint8Array<ArrayBuffer> {
  const keys = entries.map((_, i) => Buffer.from(String(i)));
  const size = entries.reduce((sum, e, i) => sum + 12 + (keys[i]?.length ?? 0) + e.end - e.valueStart, 24);
  if (size > parserLimit) {
    throw ggufError(
      "header-size",
      `the metadata's single values take ${size} bytes, more than the ${parserLimit} allowed`,
      "the file is damaged, or made to do harm",
    );
  }
  const header = new Uint8Array(size);
  const view = new DataView(header.buffer);
  header.set(Buffer.from("GGUF"));
  view.setUint32(4, version, true);
  view.setBigUint64(16, BigInt(entries.length), true);
  let at = 24;
  for (const [i, entry] of entries.entries()) {
    const key = keys[i] ?? new Uint8Array();
    view.setBigUint64(at, BigInt(key.length), true);
    header.set(key, at + 8);
    at += 8 + key.length;
    view.setUint32(at, ggufTypes.indexOf(entry.type), true);
    header.set(bytes.subarray(entry.valueStart, entry.end), at + 4);
    at += 4 + entry.end - entry.valueStart;
  }
  return header;
}

function toScalar(entry: EntrySpan, value: unknown): GgufScalar {
  const type = entry.type as GgufScalarType;
  if (typeof value === "number" && type !== "u64" && type !== "i64" && type !== "bool" && type !== "string") {
    return { type, value };
  }
  if (typeof value === "bigint" && (type === "u64" || type === "i64")) return { type, value };
  if (typeof value === "boolean" && type === "bool") return { type, value };
  if (typeof value === "string" && type === "string") return { type, value };
  throw ggufError(
    "value",
    `metadata ${JSON.stringify(entry.key)} couldn't be decoded as ${type}`,
    "the file is damaged: download or convert it again",
  );
}
