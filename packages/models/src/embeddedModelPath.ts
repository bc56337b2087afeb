import { fileURLToPath } from "node:url";

/** Where the model lies that this package brings along: tiny-deepseek2 (see `assets/PROVENANCE.md`), 11.7 MB, IQ4_NL. */
export const embeddedModelPath = (): string =>
  fileURLToPath(new URL("../assets/tiny-deepseek2-iq4_nl.gguf", import.meta.url));
