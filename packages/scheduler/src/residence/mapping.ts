import { type DeviceProfile, FILE_MAPS, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { TensorplanError, type WeightSource } from "@tensorplan/ir";
import { askRules, type RuleBook, type Tried } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";

/** Whether a weight is used where it lies in its file. */
export interface Mapping {
  /** The rule that says so, or null. */
  readonly rule: string | null;
  readonly tried: readonly Tried[];
  /** Where the tensor begins in its file, if it is mapped. */
  readonly offset?: number;
}

interface MappingInput {
  readonly book: RuleBook;
  readonly facts: Facts;
  readonly source: WeightSource;
  /** The weight's home. */
  readonly device: DeviceProfile;
  /** The layout that its store rule asked for. */
  readonly layout: string | undefined;
  readonly fileOffsets: ReadonlyMap<string, number> | undefined;
}

/** Why a weight can't be mapped, or where it begins in the file. */
function offsetInFile({ source, device, layout, fileOffsets }: MappingInput): number | string {
  if (!device.features.includes(FILE_MAPS)) return `${device.id} can't use weights where they lie in a file`;
  if (source.kind !== "tensor")
    return `it is made from parts of '${source.tensor}' and isn't in the file as it is`;
  if (source.storedAs !== undefined)
    return `its values are converted from ${source.storedAs} while they are loaded`;
  if (layout !== undefined && layout !== ROWS_LAYOUT) return `its store rule asks for the layout ${layout}`;
  return fileOffsets?.get(source.tensor) ?? "there is no file yet that it could lie in";
}

/**
 * Asks the map rules about a weight; `undefined` where there are none.
 *
 * @throws TensorplanError `residence/map` when a rule that must be obeyed can't
 */
export function findMapping(input: MappingInput): Mapping | undefined {
  const rules = input.book.family.map;
  if (rules.length === 0) return undefined;
  const found = askRules<number>(
    rules,
    input.facts,
    undefined,
    () => {
      const offset = offsetInFile(input);
      return typeof offset === "string"
        ? { kind: "refused", why: offset }
        : { kind: "decide", value: offset };
    },
    (rule, why) => {
      throw new TensorplanError({
        code: "residence/map",
        message: `rule '${rule.name}' can't map '${input.facts.id}': ${why}`,
        hint: "write else: next in the rule to copy what can't be mapped",
      });
    },
  );
  return "decision" in found
    ? { ...found.decision, offset: found.value }
    : { rule: null, tried: found.tried };
}
