import picocolors from "picocolors";
import type { CliContext, CliStream } from "../cliContext.ts";

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Colours where a terminal shows them and nobody asked for none (https://no-color.org). */
export const coloursFor = (stream: CliStream, env: CliContext["env"]): Colours =>
  picocolors.createColors(stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb");
