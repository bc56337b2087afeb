/** Whether two values have the same canonical JSON, without writing it: the order of members and absent ones don't count. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => equalJson(item, b[i]));
  }
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  for (const key in left) {
    const other = Object.hasOwn(right, key) ? right[key] : undefined;
    if (Object.hasOwn(left, key) && !equalJson(left[key], other)) return false;
  }
  for (const key in right) {
    const other = Object.hasOwn(left, key) ? left[key] : undefined;
    if (Object.hasOwn(right, key) && other === undefined && right[key] !== undefined) return false;
  }
  return true;
}
