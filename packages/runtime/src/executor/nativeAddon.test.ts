import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import cpuBackend from "@tensorplan/backend-cpu";
import { describe, expect, it } from "vitest";
import { loadExecutorAddon } from "./nativeAddon.ts";

const built = (name: string) =>
  fileURLToPath(
    new URL(`../../../${name}/build/Release/tensorplan_${name.replace("-", "_")}.node`, import.meta.url),
  );

/** Opens a CPU device and a step of seconds on it. `settled` tells what became of each. */
const prelude = `
  const cpu = require(${JSON.stringify(built("backend-cpu"))});
  const { NativeExecutor } = require(${JSON.stringify(built("runtime"))});
  const stride = 16 << 20;
  const place = (n) => ({ region: "arena", offset: n * stride, dtype: "f32", layout: "rows", shape: [[[1, 0]], [[4]]] });
  const node = (i) => ({ id: "n" + i, kernel: "add.generic", attrs: {}, inputs: { a: place(0), b: place(1) },
    outputs: { out: place(2) }, workspaceOffset: 0, workspaceBytes: 0 });
  const open = (nodes) => {
    const device = new cpu.CpuDevice(2, "");
    device.allocate("arena", 3 * stride);
    const program = device.compile({ id: "p", symbolCount: 1, nodes: Array.from({ length: nodes }, (_, i) => node(i)) });
    return { device, program };
  };
  const begin = (nodes, listener) => {
    const { device, program } = open(nodes);
    const executor = new NativeExecutor([device.api()], listener);
    const step = executor.compile([{ device: 0, program: program.handle(), symbols: [0], waits: [] }], 1);
    return { device, program, executor, step };
  };
`;

const runNode = (script: string, ...flags: string[]) => {
  const started = performance.now();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", prelude + script], {
    encoding: "utf8",
    timeout: 25_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr, seconds: (performance.now() - started) / 1000 };
};

const ready = loadExecutorAddon() !== null && cpuBackend.probe({}).kind === "devices";

describe.skipIf(!ready)("the add-ons in a process", () => {
  it("let it exit in the middle of a step", () => {
    const { status, signal, stdout } = runNode(`
      const { step, program } = begin(2000, () => {});
      step.run([1 << 20]);
      program.run([1 << 20]);
      setTimeout(() => { console.log("leaving"); process.exit(7); }, 50);
    `);
    expect({ status, signal, stdout }).toEqual({ status: 7, signal: null, stdout: "leaving" });
  });

  it("let a worker be terminated in the middle of a step, and run again in the next", () => {
    const inWorker = `${prelude}
      const { step, program } = begin(2000, () => {});
      step.run([1 << 20]);
      program.run([1 << 20]);
      require("node:worker_threads").parentPort.postMessage("running");
    `;
    const { status, stdout, stderr } = runNode(`
      const { Worker } = require("node:worker_threads");
      const once = () => new Promise((resolve) => {
        const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
        worker.on("message", () => setTimeout(() => worker.terminate(), 20));
        worker.on("error", (error) => { console.error(error); process.exit(1); });
        worker.on("exit", resolve);
      });
      once().then(once).then(() => {
        const { step } = begin(2, (task, status) => console.log(status));
        step.run([16]);
      });
    `);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "ok", stderr: "" });
  });

  it("end the process by itself once the last step is over", () => {
    const { status, stdout } = runNode(`
      const { step } = begin(2, (task, status) => console.log(status));
      step.run([16]);
    `);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "ok" });
  });

  it("free everything when JavaScript forgets it, in any order", () => {
    const { status, signal, stdout, stderr } = runNode(
      `
      const rounds = async () => {
        for (let round = 0; round < 30; round++) {
          await new Promise((resolve, reject) => {
            const { step } = begin(3, (task, status, message) => (status === "ok" ? resolve() : reject(new Error(message))));
            step.run([1 << 20]);
          });
          globalThis.gc();
          await new Promise(setImmediate);
        }
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
        globalThis.gc();
        const megabytes = process.memoryUsage().rss / 1e6;
        console.log(megabytes < 400 ? "small" : megabytes);
      };
      rounds();
    `,
      "--expose-gc",
    );
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: "small",
      stderr: "",
    });
  });

  it("keep what a running step needs, though JavaScript holds on to nothing", () => {
    const { status, stdout, stderr } = runNode(
      `
      let left = 5;
      const next = () => begin(3, (task, status) => {
        console.log(status);
        if (--left > 0) next();
      }).step.run([1 << 20]);
      next();
      const collect = () => {
        globalThis.gc();
        if (left > 0) setImmediate(collect);
      };
      collect();
    `,
      "--expose-gc",
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "ok\nok\nok\nok\nok", stderr: "" });
  });

  it("refuse handles that aren't what they should be", () => {
    const { stdout } = runNode(`
      const { device, program, executor } = begin(1, () => {});
      const attempt = (body) => { try { body(); console.log("accepted"); } catch (error) { console.log(error.message); } };
      attempt(() => new NativeExecutor([{}], () => {}));
      attempt(() => new NativeExecutor([program.handle()], () => {}));
      attempt(() => executor.compile([{ device: 0, program: device.api(), symbols: [], waits: [] }], 0));
      attempt(() => executor.compile([{ device: 0, program: null, symbols: [], waits: [] }], 0));
    `);
    expect(stdout.split("\n")).toEqual([
      "a device must be a handle that a backend's add-on made",
      "a device must be a handle that a backend's add-on made",
      "a program must be a handle that a backend's add-on made",
      "task 0 has no native program",
    ]);
  });
});
