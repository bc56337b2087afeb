import { decodeArray } from "./decodeArray.ts";
import { decodeScalars } from "./decodeScalars.ts";
import type { GgufMetadata, GgufValue } from "./ggufValue.ts";
import type { EntrySpan, HeaderLayout } from "./scanHeader.ts";

/** All metadata of a header that passed `scanHeader`, in the file's order. */
export async function decodeMetadata(bytes: Uint8Array, layout: HeaderLayout): Promise<GgufMetadata> {
  const scalars = layout.entries.filter((entry) => suitsParser(bytes, entry));
  const decoded = await decodeScalars(bytes, layout.version, scalars);
  const values = new Map<EntrySpan, GgufValue>(scalars.map((entry, i) => [entry, decoded[i] as GgufValue]));
  return new Map(
    layout.entries.map((entry) => [entry.key, values.get(entry) ?? decodeHere(bytes, entry)] as const),
  );
}

/** The parser cuts a string that spans two of its reads and drops a byte order mark; such strings are decoded here. */
function suitsParser(bytes: Uint8Array, entry: EntrySpan): boolean {
  if (entry.type === "array") return false;
  if (entry.type !== "string") return true;
  const first = entry.valueStart + 8;
  const hasMark = bytes[first] === 0xef && bytes[first + 1] === 0xbb && bytes[first + 2] === 0xbf;
  return entry.end - first <= 65_536 && !hasMark;
}

function decodeHere(bytes: Uint8Array, entry: EntrySpan): GgufValue {
  if (entry.type === "array") return decodeArray(bytes, entry.valueStart);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { type: "string", value: text.toString("utf8", entry.valueStart + 8, entry.end) };
}
