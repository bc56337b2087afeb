/** Mean and sample standard deviation (0 for one sample). */
export function summarise(samples: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  if (samples.length < 2) return { mean, deviation: 0 };
  const squares = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (samples.length - 1)) };
}
