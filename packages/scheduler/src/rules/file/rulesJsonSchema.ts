import { z } from "zod";
import { ruleFile } from "./ruleSchema.ts";

/** JSON Schema (draft 2020-12) of rule files, for editors and other programs; `schemas/rules.schema.json` of this package holds it. */
export const rulesJsonSchema = (): object => ({
  title: "Tensorplan placement rules",
  ...z.toJSONSchema(ruleFile, { io: "input" }),
});
