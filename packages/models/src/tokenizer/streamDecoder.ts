/** Turns token after token into text, and keeps back the bytes of a character that isn't complete yet. */
export interface StreamDecoder {
  /** The text that this token completes; possibly empty. */
  push(id: number): string;
  /** What is left at the end; an incomplete character gives U+FFFD. */
  end(): string;
}

export function createStreamDecoder(bytesOf: (id: number) => Uint8Array): StreamDecoder {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (id) => decoder.decode(bytesOf(id), { stream: true }),
    end: () => decoder.decode(),
  };
}
