const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `11.7 MiB`, as the command line prints it: its own function hashes plans too, which a browser can't do the same way. */
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

/** `12.3 µs`. */
export function formatTime(ns: number): string {
  const [unit, size] = timeUnits.findLast(([, least]) => ns >= least) ?? timeUnits[0];
  const value = ns / size;
  return `${unit === "ns" ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

const palette = [
  "#4c8df6",
  "#f08a3c",
  "#35b088",
  "#b772dd",
  "#e5604d",
  "#2ea3c2",
  "#c99a16",
  "#d66ba0",
  "#8a9a4b",
  "#7f8fa6",
] as const;

/** A colour for each device, far apart for the first ten and by the golden angle behind them. */
export const deviceColour = (device: number): string =>
  palette[device] ?? `hsl(${((device * 137.508) % 360).toFixed(0)} 55% 55%)`;
