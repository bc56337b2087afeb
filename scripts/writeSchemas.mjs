// Writes the published JSON Schemas from the code that checks such files. Build first (npm run build:ts); a test compares them.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deviceFileJsonSchema } from "../packages/runtime/dist/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));

function write(path, schema) {
  writeFileSync(`${root}/${path}`, `${JSON.stringify(schema, undefined, 2)}\n`);
  execFileSync("npx", ["biome", "format", "--write", path], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

write("packages/runtime/schema/devices-1.json", deviceFileJsonSchema());
