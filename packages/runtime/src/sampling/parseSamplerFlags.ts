import { optionError } from "./samplerError.ts";
import { isSamplerName, type SamplerName, samplerNames } from "./samplerNames.ts";
import type { LogitBias } from "./samplerOptions.ts";

/** Other names for a sampler that people type, from llama.cpp's own command line. */
const aliases: Readonly<Record<string, SamplerName>> = {
  temp: "temperature",
  tfs: "tfs_z",
  typical: "typical_p",
  typ_p: "typical_p",
  nucleus: "top_p",
};

/** `--samplers`: names separated by `;`, `,` or `->`, with `-` or `_` in them: `top-k;temperature`. */
export function parseSamplerOrder(text: string): readonly SamplerName[] {
  return text
    .split(/;|,|->/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const plain = part.toLowerCase().replaceAll("-", "_");
      const name = aliases[plain] ?? plain;
      if (isSamplerName(name)) return name;
      throw optionError(
        "sampler/bad-order",
        "order",
        `there is no sampler "${part}"`,
        `samplers: ${samplerNames.join(", ")}`,
      );
    });
}

/** `--logit-bias ID±V`: `42+1.5`, `42-2`, and `42-inf`, which bans the token. */
export function parseLogitBias(text: string): LogitBias {
  const parts = /^(\d+)([+-])(inf|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i.exec(text.trim());
  const [, token, sign, size] = parts ?? [];
  const amount = size?.toLowerCase() === "inf" ? Infinity : Number(size);
  if (token === undefined || Number.isNaN(amount) || (amount === Infinity && sign === "+")) {
    throw optionError(
      "sampler/bad-option",
      "logitBias",
      `"${text}" is no token id with a bias`,
      "write ID+V or ID-V, such as 42+1.5, or 42-inf to ban token 42",
    );
  }
  return { token: Number(token), bias: sign === "-" ? -amount : amount };
}
