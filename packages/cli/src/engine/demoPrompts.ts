/** Openings that suit what the embedded model was trained on. */
export const demoPrompts: readonly string[] = [
  "Sherlock Holmes looked up from his newspaper and said,",
  "In the beginning",
  "The captain of the ship",
  "Emma was",
  "CHAPTER I\n\n",
];

/** Sampling that lets so small a model write; greedy decoding would soon repeat itself. */
export const demoSampling = { temp: 0.7, topK: 40 } as const;
export const DEMO_TOKENS = 200;
