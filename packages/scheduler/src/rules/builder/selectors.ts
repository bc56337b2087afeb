import type { Selector } from "../rule.ts";

type Nested = "kind" | "and" | "or" | "not";
type OfNodes = "op" | "path" | "dims" | "phase" | "tokensPerSequence" | "tokens" | "context" | "sequences";

/** What rules about residence may ask: where things live is the same for all steps, so no sizes of steps, and nothing about nodes. */
export interface StoredSelector extends Omit<Selector, Nested | OfNodes> {
  readonly kind?: "weight" | "state";
  readonly and?: readonly StoredSelector[];
  readonly or?: readonly StoredSelector[];
  readonly not?: StoredSelector;
}

/** What rules about weights alone may ask. */
export interface WeightSelector extends Omit<StoredSelector, Nested | "state"> {
  readonly kind?: "weight";
  readonly and?: readonly WeightSelector[];
  readonly or?: readonly WeightSelector[];
  readonly not?: WeightSelector;
}

/** What rules about nodes may ask. */
export interface NodeSelector extends Omit<Selector, Nested> {
  readonly kind?: "node";
  readonly and?: readonly NodeSelector[];
  readonly or?: readonly NodeSelector[];
  readonly not?: NodeSelector;
}
