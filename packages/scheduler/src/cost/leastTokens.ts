/**
 * The least number of tokens from which on something is faster, up to the largest step. Numbers are tried by doubling, then by halving the
 * gap below the run of tried ones, up to the largest, that are faster: where times aren't monotone a nearby crossing is found.
 *
 * @returns undefined where not even the largest step is faster
 */
export function leastTokens(most: number, faster: (tokens: number) => boolean): number | undefined {
  const tried: number[] = [];
  for (let tokens = 1; tokens < most; tokens *= 2) tried.push(tokens);
  tried.push(most);
  const last = tried.findLastIndex((tokens) => !faster(tokens));
  if (last === tried.length - 1) return undefined;
  if (last === -1) return 1;
  let [slower, quicker] = [tried[last] as number, tried[last + 1] as number];
  while (quicker - slower > 1) {
    const middle = Math.floor((slower + quicker) / 2);
    if (faster(middle)) quicker = middle;
    else slower = middle;
  }
  return quicker;
}
