const steps = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: `1.38 GiB`. */
export function bytes(count: number): string {
  let value = count;
  let step = 0;
  while (value >= 1024 && step < steps.length - 1) {
    value /= 1024;
    step++;
  }
  return `${step === 0 ? value : value.toFixed(2)} ${steps[step]}`;
}

/** Large counts: `15.71 B`, `18.53 M`. */
export function quantity(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`;
  return String(count);
}

/** Tokens each second. */
export const rate = (tokens: number, ms: number): number => (ms > 0 ? (tokens * 1000) / ms : 0);
