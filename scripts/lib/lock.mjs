import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./paths.mjs";

const folder = join(root, ".stamp");
const lockFile = join(folder, "lock");

function holder() {
  try {
    return Number.parseInt(readFileSync(lockFile, "utf8"), 10);
  } catch {
    return Number.NaN;
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` while no other process of ours sets up or builds in this checkout. */
export async function withLock(work) {
  mkdirSync(folder, { recursive: true });
  let told = false;
  let unreadable = 0;
  for (;;) {
    try {
      writeFileSync(lockFile, `${process.pid}\n`, { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const pid = holder();
    // A lock without a number is being written just now, unless that lasts.
    unreadable = Number.isNaN(pid) ? unreadable + 1 : 0;
    if ((!Number.isNaN(pid) && !isAlive(pid)) || unreadable > 20) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told && !Number.isNaN(pid)) {
      console.error(`set-up: process ${pid} is building in this checkout; waiting for it`);
      told = true;
    }
    await sleep(100);
  }
  const release = () => {
    if (holder() === process.pid) rmSync(lockFile, { force: true });
  };
  const interrupted = () => {
    release();
    process.exit(130);
  };
  process.on("SIGINT", interrupted);
  process.on("SIGTERM", interrupted);
  try {
    return await work();
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    release();
  }
}
