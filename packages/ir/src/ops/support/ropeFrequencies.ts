import { z } from "zod";

export const scalingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear"), factor: z.number().positive() }),
  z.strictObject({
    kind: z.literal("yarn"),
    factor: z.number().positive(),
    originalContext: z.number().positive(),
    betaFast: z.number().positive(),
    betaSlow: z.number().positive(),
    /** cos and sin are multiplied by this. */
    magnitude: z.number().positive(),
  }),
]);
export type RopeScaling = z.infer<typeof scalingSchema>;

/** The pair that turns `rotations` times over the original context. */
const pairTurning = (rotations: number, size: number, base: number, originalContext: number): number =>
  (size * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(base));

/**
 * Radians per position of each of `size/2` pairs. YaRN (arXiv:2309.00071, section 3.2): pairs that turn more than `betaFast` times
 * over the original context keep their frequency, those that turn less than `betaSlow` times are slowed by `factor`, and a straight
 * ramp over the pair index lies between; its ends are rounded outwards as the published implementations do.
 */
export function ropeFrequencies(
  size: number,
  { base, scaling }: { readonly base: number; readonly scaling?: RopeScaling },
  factors?: Float32Array,
): { readonly frequencies: Float64Array; readonly magnitude: number } {
  const frequencies = new Float64Array(size / 2);
  for (let i = 0; i < frequencies.length; i++)
    frequencies[i] = base ** ((-2 * i) / size) / (factors?.[i] ?? 1);
  if (scaling === undefined) return { frequencies, magnitude: 1 };
  if (scaling.kind === "linear")
    return { frequencies: frequencies.map((f) => f / scaling.factor), magnitude: 1 };
  const { originalContext, betaFast, betaSlow, factor, magnitude } = scaling;
  const first = Math.max(0, Math.floor(pairTurning(betaFast, size, base, originalContext)));
  const last = Math.min(size - 1, Math.ceil(pairTurning(betaSlow, size, base, originalContext)));
  const blended = frequencies.map((frequency, i) => {
    const slowed = Math.min(1, Math.max(0, (i - first) / Math.max(0.001, last - first)));
    return frequency * (1 - slowed) + (frequency / factor) * slowed;
  });
  return { frequencies: blended, magnitude };
}
