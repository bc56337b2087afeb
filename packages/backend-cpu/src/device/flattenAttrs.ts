import { evaluateSize, type JsonObject, type JsonValue, type Size, sizeSymbols } from "@tensorplan/ir";

/**
 * A node's attributes as kernels read them: numbers and strings by dotted names (`scaling.factor`, `into.0`), booleans as 0 and 1, and
 * `axis.<name>` for each axis of constant size.
 */
export function flattenAttrs(
  attrs: JsonObject,
  axes: Readonly<Record<string, Size>>,
): Readonly<Record<string, number | string>> {
  const flat: Record<string, number | string> = {};
  const add = (name: string, value: JsonValue | undefined): void => {
    if (value === null || value === undefined) return;
    if (typeof value === "boolean") flat[name] = value ? 1 : 0;
    else if (typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner);
    } else flat[name] = value;
  };
  for (const [name, value] of Object.entries(attrs)) add(name, value);
  for (const [name, size] of Object.entries(axes)) {
    if (sizeSymbols(size).length === 0) flat[`axis.${name}`] = evaluateSize(size, {});
  }
  return flat;
}
