import type { DeviceProfile, KernelRow } from "@tensorplan/backend-api";
import { type DType, type OpSet, RandomNumbers, TensorplanError } from "@tensorplan/ir";
import type { ConformanceCase } from "./conformanceCase.ts";
import { drawCase } from "./drawCase.ts";
import { readyRows } from "./rowConditions.ts";
import { coreSketches } from "./sketches/coreSketches.ts";
import { kindDtypes, type OpSketches, type Sketch } from "./sketches/sketch.ts";

export interface CaseOptions {
  /** The same seed gives the same cases. */
  readonly seed: number;
  /** How to draw nodes of operations that aren't ours. */
  readonly sketches?: Readonly<Record<string, OpSketches>> | undefined;
  /** Only kernels of these operations; absent: of all. */
  readonly only?: readonly string[] | undefined;
}

/** With more combinations of element types than this, each is drawn with one shape, in turn. */
const MANY = 40;

type Types = Readonly<Record<string, DType>>;

/** Every combination of element types that the row claims and the operands' kinds allow; none where the row doesn't take an operand. */
function combinations(row: KernelRow, { operands }: Sketch): readonly Types[] {
  let all: readonly Types[] = [{}];
  for (const [name, { kind }] of Object.entries(operands)) {
    const claimed = row.operands[name]?.dtypes ?? [];
    const dtypes = kindDtypes[kind].filter((dtype) => claimed.includes(dtype));
    all = all.flatMap((types) => dtypes.map((dtype) => ({ ...types, [name]: dtype })));
  }
  return all;
}

function casesOfRow(
  row: KernelRow,
  ops: OpSet,
  sketches: OpSketches,
  random: RandomNumbers,
): readonly ConformanceCase[] {
  const op = ops.get(row.op);
  const cases: ConformanceCase[] = [];
  // Element types don't depend on the shapes that are drawn, except where a sketch leaves out an operand.
  const byTypes = new Map<string, { types: Types; ways: OpSketches[number][] }>();
  for (const way of sketches) {
    for (const types of combinations(row, way(new RandomNumbers(0)))) {
      const key = JSON.stringify(types);
      const known = byTypes.get(key);
      if (known === undefined) byTypes.set(key, { types, ways: [way] });
      else known.ways.push(way);
    }
  }
  const few = byTypes.size <= MANY;
  let turn = 0;
  for (const { types, ways } of byTypes.values()) {
    for (let i = 0; i < ways.length; i++) {
      const way = ways[(turn + i) % ways.length] as OpSketches[number];
      const made = drawCase(row, op, ops, way(random), types, random);
      if (made === undefined) continue;
      cases.push(made);
      if (!few) break;
    }
    turn++;
  }
  return cases;
}

/**
 * Nodes for every kernel that the device has: a few random small shapes and every combination of element types that the kernel's row
 * claims.
 *
 * @throws TensorplanError `conformance/no-sketch` for a row of an operation that nobody says how to draw, `conformance/no-case` for a
 * row that refuses all that is drawn
 */
export function conformanceCases(
  profile: DeviceProfile,
  ops: OpSet,
  { seed, sketches = {}, only }: CaseOptions,
): readonly ConformanceCase[] {
  const known: Readonly<Record<string, OpSketches>> = { ...coreSketches, ...sketches };
  return readyRows(profile).flatMap((row, index) => {
    if (only !== undefined && !only.includes(row.op)) return [];
    const ways = Object.hasOwn(known, row.op) ? known[row.op] : undefined;
    if (ways === undefined) {
      throw new TensorplanError({
        code: "conformance/no-sketch",
        message: `the kernel '${row.name}' is for '${row.op}', and nothing says how to draw nodes of it`,
        hint: `give sketches: { "${row.op}": [...] }`,
      });
    }
    const cases = casesOfRow(row, ops, ways, new RandomNumbers(seed + 7919 * index));
    if (cases.length > 0) return cases;
    throw new TensorplanError({
      code: "conformance/no-case",
      message: `the kernel '${row.name}' of ${profile.id} takes none of the nodes that are drawn for '${row.op}'`,
      hint: "its row claims too little, or the sketches of this operation lack what it needs",
    });
  });
}
