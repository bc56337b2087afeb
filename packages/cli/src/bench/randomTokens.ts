/** Token ids that look random and are the same in every run (a linear congruential generator; its upper bits are good enough here). */
export function randomTokens(count: number, vocab: number, seed = 1): readonly number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * vocab);
  });
}
