const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `11.7 MiB`: at most four digits that count. Negative and fractional counts don't occur. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
