import { dtypes, type WeightDecl } from "@tensorplan/ir";

/**
 * Of how many positions of an axis a cut of this weight must be a multiple, or why it can't be cut: blocks of columns, or rows that lie
 * interleaved. Values that are converted while they are loaded are converted in whole rows first.
 */
export function unitOfCut({ axes, dtype, source }: WeightDecl, axis: string): number | string {
  if (source.kind !== "tensor") return `it is made from parts of '${source.tensor}'`;
  if (axes.at(-1) !== axis) return dtypes[source.storedAs ?? dtype].rowsTogether ?? 1;
  const { blockSize, rowPrefix, rowsTogether } = dtypes[dtype];
  if (rowPrefix !== undefined) return `rows of ${dtype} begin with a scale that their columns share`;
  if (rowsTogether !== undefined)
    return `${dtype} interleaves rows, so that columns can't be taken from them`;
  return blockSize;
}
