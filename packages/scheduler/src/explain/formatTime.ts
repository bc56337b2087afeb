const units = [
  ["ns", 1],
  ["µs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
] as const;

/** A time as people read it: `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function formatTime(ns: number): string {
  const [unit, size] = units.findLast(([, least]) => ns >= least) ?? units[0];
  const value = ns / size;
  return `${unit === "ns" ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}
