import { TensorplanError } from "../errors.ts";

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * JSON text that is the same for equal values: keys sorted by code unit, no spaces, absent members left out. Arrays keep their order.
 * @throws TensorplanError `json/not-json` for what JSON can't say (NaN, functions, undefined in a list)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  // Graphs and plans have hundreds of thousands of members: text is put together without lists in between.
  if (Array.isArray(value)) {
    let text = "";
    for (let i = 0; i < value.length; i++) text += `${i === 0 ? "" : ","}${canonicalJson(value[i])}`;
    return `[${text}]`;
  }
  if (typeof value === "object") {
    let text = "";
    for (const key of Object.keys(value).sort(compare)) {
      const member: unknown = (value as Readonly<Record<string, unknown>>)[key];
      if (member === undefined) continue;
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
    }
    return `{${text}}`;
  }
  throw new TensorplanError({
    code: "json/not-json",
    message: `${typeof value === "number" ? value : `a value of type ${typeof value}`} can't be written as JSON`,
  });
}
