import { type DType, dtypes, evaluateSize, type Graph, printSize, type Size, size } from "@tensorplan/ir";
import { align } from "./align.ts";

/** A step input with the devices that read it, in the device's `inputs` region. */
export interface InputLayout {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly string[];
  readonly bytes: number;
  readonly places: readonly { readonly device: number; readonly offset: number }[];
}

/**
 * Lays the step's inputs out, the same for all variants: each device gets those that some node on it reads, in the graph's order, at
 * their largest.
 *
 * @param readers devices by input
 */
export function layOutInputs(
  graph: Graph,
  readers: ReadonlyMap<string, ReadonlySet<number>>,
  deviceCount: number,
): { readonly inputs: readonly InputLayout[]; readonly bytes: readonly number[] } {
  const ends = Array.from({ length: deviceCount }, () => 0);
  const inputs = graph.inputs.map(({ id, dtype, axes }): InputLayout => {
    const shape = axes.map((name): Size => size(graph.axes[name] ?? name));
    const count = shape.reduce((product, s) => product * evaluateSize(s, graph.symbols), 1);
    const bytes = (count / dtypes[dtype].blockSize) * dtypes[dtype].blockBytes;
    const places = [...(readers.get(id) ?? [])]
      .sort((a, b) => a - b)
      .map((device) => {
        const offset = ends[device] as number;
        ends[device] = align(offset + bytes);
        return { device, offset };
      });
    return { name: id, dtype, shape: shape.map(printSize), bytes, places };
  });
  return { inputs, bytes: ends };
}
