// Measures how many type instantiations tsc makes for a file alone with what it imports, against typeBudget.json
// ({ "path/of/file.ts": most }): node scripts/checkTypeBudget.mjs
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exec } from "./lib/exec.mjs";
import { root } from "./lib/paths.mjs";
import { result } from "./lib/report.mjs";

async function countInstantiations(file) {
  const folder = join(root, ".stamp");
  mkdirSync(folder, { recursive: true });
  const project = join(folder, `typeBudget.${process.pid}.json`);
  writeFileSync(
    project,
    JSON.stringify({
      extends: "../tsconfig.base.json",
      compilerOptions: { composite: false, incremental: false, noEmit: true },
      files: [`../${file}`],
    }),
  );
  try {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { code, output } = await exec(process.execPath, [tsc, "-p", project, "--extendedDiagnostics"], {
      capture: true,
    });
    const count = /^Instantiations:\s+(\d+)/m.exec(output)?.[1];
    return { count: count === undefined || code !== 0 ? undefined : Number(count), output };
  } finally {
    rmSync(project, { force: true });
  }
}

async function checkFile(file, most) {
  const name = `type budget of ${file}`;
  if (!Number.isInteger(most) || most <= 0) {
    return result(name, { failed: 1, details: `typeBudget.json: the budget must be a positive integer\n` });
  }
  if (!existsSync(join(root, file))) {
    return result(name, {
      failed: 1,
      details: `typeBudget.json names a file that does not exist: ${file}\n`,
    });
  }
  const { count, output } = await countInstantiations(file);
  if (count === undefined) return result(name, { failed: 1, details: output });
  const title = `${name} (${count} of ${most} instantiations)`;
  if (count <= most) return result(title, { passed: 1 });
  return result(title, {
    failed: 1,
    details: `${file} makes tsc instantiate ${count} types, ${count - most} over its budget of ${most}\n`,
  });
}

/** One result per file of the budget. */
export async function checkTypeBudget() {
  const budget = JSON.parse(readFileSync(join(root, "typeBudget.json"), "utf8"));
  const results = [];
  for (const [file, most] of Object.entries(budget)) results.push(await checkFile(file, most));
  return results;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await checkTypeBudget();
  for (const { name, failed, details } of results)
    console.log(`${failed > 0 ? "FAIL" : "ok  "} ${name}\n${details}`);
  process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;
}
