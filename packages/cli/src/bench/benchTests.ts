/** One thing that `bench` measures, in llama-bench's words. */
export interface BenchTest {
  /** `pp512`, `tg64`, `tg64@pp4096`, `pp512+tg128`. */
  readonly name: string;
  /** Tokens read before the clock starts. */
  readonly before: number;
  /** Tokens of prompt under the clock. */
  readonly prompt: number;
  /** Tokens generated under the clock, one at a time. */
  readonly generate: number;
}

export interface BenchSizes {
  readonly prompt: readonly number[];
  readonly generate: readonly number[];
  /** Prompt and generation, both timed (`-pg`). */
  readonly both: readonly (readonly [number, number])[];
  /** Generation behind a prompt that isn't timed (`-gp`). */
  readonly behind: readonly (readonly [number, number])[];
}

/** The tests that the flags ask for; a 0 asks for none. */
export const benchTests = ({ prompt, generate, both, behind }: BenchSizes): readonly BenchTest[] => [
  ...prompt.filter((n) => n > 0).map((n) => ({ name: `pp${n}`, before: 0, prompt: n, generate: 0 })),
  ...generate.filter((n) => n > 0).map((n) => ({ name: `tg${n}`, before: 0, prompt: 0, generate: n })),
  ...both.map(([p, n]) => ({ name: `pp${p}+tg${n}`, before: 0, prompt: p, generate: n })),
  ...behind.map(([p, n]) => ({ name: `tg${n}@pp${p}`, before: p, prompt: 0, generate: n })),
];

/** Tokens that a test's sequence needs room for; generation without a prompt starts from one token. */
export const contextOf = ({ before, prompt, generate }: BenchTest): number => before + prompt + generate + 1;
