// Writes the published JSON Schemas from the code that checks such files. Build first (npm run build:ts); a test compares them.
import { writeFileSync } from "node:fs";
import { deviceFileJsonSchema } from "../packages/runtime/dist/index.js";

const write = (path, schema) =>
  writeFileSync(new URL(`../${path}`, import.meta.url), `${JSON.stringify(schema, undefined, 2)}\n`);

write("packages/runtime/schema/devices-1.json", deviceFileJsonSchema());
