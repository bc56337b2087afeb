import { TensorplanError } from "../errors.ts";

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * JSON text that is the same for equal values: keys sorted by code unit, no spaces, absent members left out. Arrays keep their order.
 * @throws TensorplanError `json/not-json` for what JSON can't say (NaN, functions, undefined in a list)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compare(a, b))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  throw new TensorplanError({
    code: "json/not-json",
    message: `${typeof value === "number" ? value : `a value of type ${typeof value}`} can't be written as JSON`,
  });
}
