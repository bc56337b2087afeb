/** A thing that either plan, or both, have under one id. */
export interface Match<T> {
  readonly id: string;
  readonly a: T | undefined;
  readonly b: T | undefined;
}

/** Pairs two lists by id, in the first list's order; what only the second has stands behind. */
export function matchById<T>(
  a: readonly T[],
  b: readonly T[],
  idOf: (each: T) => string,
): readonly Match<T>[] {
  const second = new Map(b.map((each) => [idOf(each), each]));
  const first = new Set(a.map(idOf));
  return [
    ...a.map((each) => ({ id: idOf(each), a: each, b: second.get(idOf(each)) })),
    ...b.filter((each) => !first.has(idOf(each))).map((each) => ({ id: idOf(each), a: undefined, b: each })),
  ];
}
