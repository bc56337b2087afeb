import type { TensorplanError } from "@tensorplan/ir";
import { contradictions } from "./contradictions.ts";
import { optionError, samplingError } from "./samplerError.ts";
import { isSamplerName, samplerNames } from "./samplerNames.ts";
import { type SamplerOption, type SamplerOptions, samplerFlags } from "./samplerOptions.ts";

/** What a number may be: a test, and the sentence that says it. */
interface Range {
  readonly holds: (x: number) => boolean;
  readonly says: string;
}

// Numbers stay within f32's range so that no chain of steps leaves f64's.
const f32Max = 3.4e38;
const fraction = (off: string): Range => ({ holds: (x) => x >= 0 && x <= 1, says: `0 … 1 (${off})` });
const finite: Range = { holds: (x) => Math.abs(x) <= f32Max, says: "a finite number" };
const positive: Range = { holds: (x) => x >= 1e-38 && x <= f32Max, says: "more than 0" };
const notNegative: Range = { holds: (x) => x >= 0 && x <= f32Max, says: "0 or more" };
const integer = (least: number, most: number, says: string): Range => ({
  holds: (x) => Number.isInteger(x) && x >= least && x <= most,
  says,
});

const ranges = {
  temp: {
    holds: (x) => (x <= 0 && x >= -f32Max) || (x >= 1e-38 && x <= f32Max),
    says: "a finite number (0 or less: always the most likely token)",
  },
  topK: integer(0, 2 ** 31 - 1, "a whole number, 0 or more (0 keeps all)"),
  topP: fraction("1 keeps all"),
  minP: fraction("0 keeps all"),
  typicalP: fraction("1 keeps all"),
  tfsZ: fraction("1 keeps all"),
  repeatPenalty: { ...positive, says: "more than 0 (1 is off)" },
  repeatLastN: integer(-1, 2 ** 24, "a whole number, -1 (all tokens) … 16777216"),
  frequencyPenalty: finite,
  presencePenalty: finite,
  mirostat: integer(0, 2, "0 (off), 1 or 2"),
  mirostatTau: positive,
  mirostatEta: notNegative,
  seed: integer(-1, Number.MAX_SAFE_INTEGER, "a whole number, 0 … 2^53-1, or -1 to pick one"),
  cfgScale: { ...notNegative, says: "0 or more (1 is off)" },
} as const satisfies Record<Exclude<SamplerOption, "logitBias" | "order">, Range>;

/**
 * Every problem in a set of sampler options, each error naming one option by its flag and its field
 * (`details.flag`, `details.option`); empty if they can be used. Checks values at run time too, so it is safe on
 * what came over the network.
 */
export function validateSamplerOptions(options: SamplerOptions): readonly TensorplanError[] {
  const wrong = [
    ...unknownOptions(options),
    ...badNumbers(options),
    ...badBiases(options),
    ...badOrder(options),
  ];
  // What options mean together can only be judged once each one means something.
  return wrong.length > 0 ? wrong : contradictions(options);
}

function unknownOptions(options: SamplerOptions): TensorplanError[] {
  return Object.keys(options)
    .filter((name) => !Object.hasOwn(samplerFlags, name))
    .map((name) =>
      samplingError(
        "sampler/unknown-option",
        `there is no sampler option "${name}"`,
        `options: ${Object.keys(samplerFlags).join(", ")}`,
      ),
    );
}

function badNumbers(options: SamplerOptions): TensorplanError[] {
  const errors: TensorplanError[] = [];
  for (const name of Object.keys(ranges) as (keyof typeof ranges)[]) {
    const value: unknown = options[name];
    const { holds, says } = ranges[name];
    if (value === undefined || (typeof value === "number" && holds(value))) continue;
    errors.push(optionError("sampler/bad-option", name, `${show(value)} is not allowed`, `give ${says}`));
  }
  return errors;
}

function badBiases(options: SamplerOptions): TensorplanError[] {
  const biases: unknown = options.logitBias;
  if (biases === undefined) return [];
  const bad = (problem: string, hint: string) =>
    optionError("sampler/bad-option", "logitBias", problem, hint);
  if (!Array.isArray(biases)) return [bad("not a list", "give [{ token, bias }, …]")];
  const seen = new Set<number>();
  const errors: TensorplanError[] = [];
  for (const entry of biases as readonly unknown[]) {
    const { token, bias } = (entry ?? {}) as { token?: unknown; bias?: unknown };
    if (typeof token !== "number" || !Number.isInteger(token) || token < 0 || token >= 2 ** 31) {
      errors.push(bad(`${show(token)} is no token id`, "a token id is a whole number, 0 or more"));
    } else if (typeof bias !== "number" || !(bias === -Infinity || Math.abs(bias) <= f32Max)) {
      errors.push(
        bad(
          `the bias of token ${token} is ${show(bias)}`,
          "give a finite number, or -Infinity to ban the token",
        ),
      );
    } else if (seen.has(token)) {
      errors.push(bad(`token ${token} is given twice`, "add the two biases up"));
    } else {
      seen.add(token);
    }
  }
  return errors;
}

function badOrder(options: SamplerOptions): TensorplanError[] {
  const order: unknown = options.order;
  if (order === undefined) return [];
  const bad = (problem: string, hint: string) => optionError("sampler/bad-order", "order", problem, hint);
  if (!Array.isArray(order)) return [bad("not a list", `give a list of: ${samplerNames.join(", ")}`)];
  const errors: TensorplanError[] = [];
  for (const [i, name] of (order as readonly unknown[]).entries()) {
    if (!isSamplerName(name)) {
      errors.push(bad(`there is no sampler ${show(name)}`, `samplers: ${samplerNames.join(", ")}`));
    } else if (order.indexOf(name) !== i) {
      errors.push(bad(`${name} is listed twice`, "list each sampler once"));
    } else if (name === "cfg" && i > 0) {
      errors.push(bad("cfg is not the first step", "put cfg first: it combines the logits of all tokens"));
    }
  }
  return errors;
}

function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
