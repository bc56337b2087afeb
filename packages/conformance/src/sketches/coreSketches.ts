import type { CoreOpName } from "@tensorplan/ir";
import { attentionSketches } from "./attention.ts";
import { elementwiseSketches } from "./elementwise.ts";
import { moveSketches } from "./moves.ts";
import { productSketches } from "./products.ts";
import { ropeSketches } from "./rope.ts";
import { routingSketches } from "./routing.ts";
import type { OpSketches } from "./sketch.ts";

/** How to draw a node of each of our operations. */
export const coreSketches: Readonly<Record<CoreOpName, OpSketches>> = {
  ...attentionSketches,
  ...elementwiseSketches,
  ...moveSketches,
  ...productSketches,
  ...ropeSketches,
  ...routingSketches,
};
