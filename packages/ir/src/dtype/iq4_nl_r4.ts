import { defineBlockFormat } from "./blockFormat.ts";
import { iq4_nlScheme } from "./iq4_nl.ts";
import { halvesAt, nibblesR4 } from "./r4.ts";

/** iq4_nl of four interleaved rows. */
export const iq4_nl_r4 = defineBlockFormat({ name: "iq4_nl_r4", ggmlTypeId: 220 }, iq4_nlScheme, {
  blockBytes: 18,
  rows: 4,
  codes: nibblesR4(8),
  scaleAt: halvesAt(0),
});
