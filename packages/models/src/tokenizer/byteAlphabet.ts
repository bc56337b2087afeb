/** Bytes that print as nothing, or as something that editors change: controls, space, delete, and Latin-1's two invisible ones. */
const isUnprintable = (byte: number): boolean =>
  byte <= 0x20 || (byte >= 0x7f && byte <= 0xa0) || byte === 0xad;

const unprintable = Array.from({ length: 256 }, (_, byte) => byte).filter(isUnprintable);

/**
 * The alphabet in which byte-level vocabularies are written: each byte has one printable character, its own where that is printable, else
 * one from U+0100 on (so a space is "Ġ"). From OpenAI's GPT-2 encoder.
 */
const byteToChar: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const rank = unprintable.indexOf(byte);
  return String.fromCharCode(rank < 0 ? byte : 256 + rank);
});

const charToByte: ReadonlyMap<string, number> = new Map(byteToChar.map((char, byte) => [char, byte]));

/** The bytes that a byte-level token stands for; undefined when a character isn't of the alphabet. */
export function byteLevelBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = charToByte.get(token.charAt(i));
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
