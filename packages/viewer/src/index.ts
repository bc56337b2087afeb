import type { Plan } from "@tensorplan/scheduler";
import { viewOf } from "./document/viewOf.ts";
import { page } from "./page.ts";

export { planDot } from "./graph/planDot.ts";
export { planSvg } from "./graph/planSvg.ts";

/**
 * A plan as one self-contained page: everything that the plan says, folded by layers, with search and provenance.
 *
 * @throws TensorplanError `viewer/not-built`
 */
export const planHtml = (plan: Plan): Promise<string> => page(viewOf(plan));
