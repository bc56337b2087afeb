import type { Backend, Device, Program } from "@tensorplan/backend-api";
import { deviceId } from "@tensorplan/backend-api";
import { referenceBackend } from "@tensorplan/backend-reference";
import { conformanceCases, runCase } from "@tensorplan/conformance";
import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";

/** The reference device with something done after each run. */
function faulty(after: (device: Device, offset: number) => void): Device {
  const backend: Backend = referenceBackend;
  const device = backend.open(deviceId("reference"), {});
  const compile = device.compile.bind(device);
  device.compile = (program): Program => {
    const compiled = compile(program);
    const run = compiled.run.bind(compiled);
    compiled.run = async (symbols) => {
      await run(symbols);
      after(device, program.nodes[0]?.outputs.out?.offset ?? 0);
    };
    return compiled;
  };
  return device;
}

const firstCase = (op: string) => {
  const device = referenceBackend.open(deviceId("reference"), {});
  const { profile } = device;
  device.dispose();
  const kernels = profile.kernels.filter((row) => row.op === op);
  const [first] = conformanceCases({ ...profile, kernels }, coreOps, { seed: 3 });
  if (first === undefined) throw new Error("no case");
  return first;
};

const bytes = (value: number) => new Uint8Array(Float32Array.of(value).buffer);

test("a wrong value, one that isn't a number, and a write past the output are noticed", async () => {
  const each = firstCase("matmul");
  const results = [
    await runCase(
      faulty(() => undefined),
      each,
    ),
    await runCase(
      faulty((device, offset) => device.write("arena", offset, bytes(10))),
      each,
    ),
    await runCase(
      faulty((device, offset) => device.write("arena", offset, bytes(Number.NaN))),
      each,
    ),
    await runCase(
      faulty((device, offset) => device.write("arena", offset - 4, bytes(1))),
      each,
    ),
    await runCase(
      faulty((device) => device.write("weights", 64, bytes(9))),
      each,
    ),
  ];
  expect(results.map(({ passed }) => passed)).toEqual([true, false, false, false, false]);
  expect(results[1]?.problem).toContain("away from the definition");
  expect(results[3]?.problem).toContain("of arena, which is neither an output nor its work area");
  expect(results[4]?.problem).toContain("of weights");
});

test("the same seed draws the same cases", () => {
  const [a, b] = [firstCase("attention"), firstCase("attention")];
  expect(a.name).toBe(b.name);
  expect(a.operands).toEqual(b.operands);
});
