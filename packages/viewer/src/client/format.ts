export { formatBytes, formatTime } from "@tensorplan/scheduler/quantities";

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
