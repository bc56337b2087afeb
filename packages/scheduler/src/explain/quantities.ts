const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `11.7 MiB`: at most four digits that count. Negative and fractional counts don't occur. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${byteUnits[unit]}`;
}

const timeUnits = [
  ["ns", 1],
  ["µs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
] as const;

/** A time as people read it: `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function formatTime(ns: number): string {
  const [unit, size] = timeUnits.findLast(([, least]) => ns >= least) ?? timeUnits[0];
  const value = ns / size;
  return `${unit === "ns" ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}
