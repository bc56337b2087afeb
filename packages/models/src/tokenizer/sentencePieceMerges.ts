/**
 * The byte-pair merges that a SentencePiece vocabulary implies: each way to put a piece together from two others, best score first. The
 * order among equals is that of Hugging Face's conversion of such models.
 *
 * @param pieces a hole where an id isn't text
 * @returns "left right", best first
 */
export function sentencePieceMerges(
  pieces: readonly (string | undefined)[],
  scores: ArrayLike<number>,
): readonly string[] {
  const ids = new Map<string, number>();
  for (const [id, piece] of pieces.entries()) {
    // Spaces are "▁" in these vocabularies; a piece with a real one can't be formed from text.
    if (piece !== undefined && !piece.includes(" ")) ids.set(piece, id);
  }

  const merges: Merge[] = [];
  for (const [piece, id] of ids) {
    const ways: Merge[] = [];
    for (let cut = 1; cut < piece.length; cut++) {
      const leftId = ids.get(piece.slice(0, cut));
      if (leftId === undefined) continue;
      const rightId = ids.get(piece.slice(cut));
      if (rightId === undefined) continue;
      ways.push({
        left: piece.slice(0, cut),
        right: piece.slice(cut),
        leftId,
        rightId,
        score: scores[id] ?? 0,
      });
    }
    ways.sort((a, b) => a.leftId - b.leftId || a.rightId - b.rightId);
    merges.push(...ways);
  }
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      codePoints(b.left) - codePoints(a.left) ||
      codePoints(b.right) - codePoints(a.right),
  );
  return merges.map(({ left, right }) => `${left} ${right}`);
}

interface Merge {
  readonly left: string;
  readonly right: string;
  readonly leftId: number;
  readonly rightId: number;
  readonly score: number;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
