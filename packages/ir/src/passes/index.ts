import { commonSubexpressions } from "./commonSubexpressions.ts";
import { deadCode } from "./deadCode.ts";
import { fuseAddNorm } from "./fuseAddNorm.ts";
import { fuseGateUp } from "./fuseGateUp.ts";
import type { Pass } from "./pass.ts";

/**
 * The passes in the order in which they run. Equal nodes are merged before dead code is looked for, and fusions see the result; they
 * leave nothing dead behind. Lowerings are expanded later, when the scheduler has chosen them.
 */
export const defaultPasses: readonly Pass[] = [commonSubexpressions, deadCode, fuseGateUp, fuseAddNorm];
