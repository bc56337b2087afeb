import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceId } from "@tensorplan/backend-api";
import { describe, expect, it } from "vitest";
import cudaBackend from "./index.ts";
import { probeGpus } from "./native/addon.ts";
import { probe } from "./probe.ts";

const gpu = {
  index: 1,
  name: "NVIDIA H100",
  memoryBytes: 80e9,
  computeMajor: 9,
  computeMinor: 0,
  multiprocessors: 132,
  clockHz: 1.98e9,
  bandwidth: 3.35e12,
};

describe("probing CUDA", () => {
  it("describes a GPU by what it can do", () => {
    const result = probe(() => ({ gpus: [gpu], code: "", reason: "" }));
    expect(result).toMatchObject({
      kind: "devices",
      devices: [{ id: "cuda:1", backend: "cuda", hostMemory: false, features: ["sm_90"], kernels: [] }],
    });
    const [profile] = result.kind === "devices" ? result.devices : [];
    expect((profile?.rates.f16 ?? 0) / 1e12).toBeCloseTo(1070, -2);
  });

  it("hands on why there is none", () => {
    const none = { gpus: [], code: "cuda/no-driver", reason: "there is no CUDA driver here" };
    expect(probe(() => none)).toEqual({
      kind: "none",
      code: "cuda/no-driver",
      reason: "there is no CUDA driver here",
    });
  });

  it("says that the add-on isn't built, or is damaged, without an exception", () => {
    const folder = mkdtempSync(join(tmpdir(), "tensorplan-cuda-"));
    try {
      expect(probeGpus(join(folder, "absent.node"))).toMatchObject({ gpus: [], code: "cuda/not-built" });
      writeFileSync(join(folder, "damaged.node"), "no library");
      expect(probeGpus(join(folder, "damaged.node"))).toMatchObject({ gpus: [], code: "cuda/broken" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("answers on this machine, with devices or with a reason", () => {
    const result = cudaBackend.probe({});
    const answer = result.kind === "none" ? result.code : `${result.devices.length} GPUs`;
    expect(answer).toMatch(/^cuda\/(not-built|no-driver|old-driver|no-gpu|unusable|broken)$|^[1-9]\d* GPUs$/);
    expect(() => cudaBackend.open(deviceId("cuda:0"), {})).toThrow(/cuda:0/);
  });
});
