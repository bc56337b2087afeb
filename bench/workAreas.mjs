// Work areas of the kept plans against the least that any layout needs: the largest sum of bytes alive at once. For each plan its worst device and
// variant.
//   node bench/workAreas.mjs
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../test/golden/plans/", import.meta.url);
const line = /^ {4}work area on (\S+): (\d+) of at least (\d+) bytes$/;
const worst = new Map();
for (const file of readdirSync(folder).sort()) {
  for (const text of readFileSync(new URL(file, folder), "utf8").split("\n")) {
    const [, device, bytes, least] = line.exec(text) ?? [];
    if (device === undefined || Number(least) === 0) continue;
    const ratio = Number(bytes) / Number(least);
    const name = file.replace(/\.txt$/, "");
    if (ratio > (worst.get(name)?.ratio ?? 0)) worst.set(name, { ratio, device, bytes, least });
  }
}
for (const [name, { ratio, device, bytes, least }] of worst) {
  console.log(
    `${name.padEnd(24)} ${device.padEnd(7)} ${bytes.padStart(10)} of at least ${least.padStart(10)}: ${ratio.toFixed(4)}`,
  );
}
const most = Math.max(...[...worst.values()].map(({ ratio }) => ratio));
console.log(`worst of all: ${most.toFixed(4)} (at most 1.1000 is wanted)`);
