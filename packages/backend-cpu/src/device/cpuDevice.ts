import type {
  Device,
  DeviceCounters,
  DeviceProfile,
  NativeDevice,
  Program,
  RegionName,
  SplitProgram,
  TensorSource,
  WeightPlace,
} from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { NativeAddon, NativeCpuDevice } from "../native/addon.ts";
import { cancellable } from "./canceller.ts";
import { CpuProgram } from "./cpuProgram.ts";
import { nativeProgram } from "./nativeProgram.ts";
import { nativeWeight } from "./nativeWeight.ts";

/** One CPU device: memory and threads of its own. */
export class CpuDevice implements Device {
  readonly id: DeviceProfile["id"];
  readonly profile: DeviceProfile;
  readonly #addon: NativeAddon;
  readonly #device: NativeCpuDevice;
  readonly #programs = new Set<CpuProgram>();
  readonly #native: NativeDevice;
  #disposed = false;

  /** @throws TensorplanError `device/threads` when the operating system refuses so many threads. */
  constructor(profile: DeviceProfile, addon: NativeAddon, isa: string) {
    this.id = profile.id;
    this.profile = profile;
    this.#addon = addon;
    try {
      this.#device = new addon.CpuDevice(profile.threads, isa);
    } catch (cause) {
      throw this.#wrap(cause, "device/threads", "can't start its threads");
    }
    this.#native = { api: this.#device.api() };
  }

  get native(): NativeDevice {
    return this.#native;
  }

  allocate(region: RegionName, bytes: number): void {
    const device = this.#live();
    try {
      device.allocate(region, bytes);
    } catch (cause) {
      throw this.#wrap(cause, "device/out-of-memory", `can't allocate ${bytes} bytes for ${region}`);
    }
  }

  async loadWeight(place: WeightPlace, source: TensorSource, signal?: AbortSignal): Promise<void> {
    const device = this.#live();
    const inFile = source.path !== "";
    const from = inFile
      ? source.path
      : await source.readRows(
          0,
          source.shape.slice(0, -1).reduce((a, b) => a * b, 1),
        );
    const job = nativeWeight(place, source, inFile ? source.offset : 0);
    let outcome: string;
    try {
      outcome = await cancellable(this.#addon, signal, (canceller) =>
        device.loadWeight(job, from, canceller),
      );
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw this.#wrap(cause, "weight/load", `can't load '${place.name}'`);
    }
    if (outcome !== "ok") this.#live();
  }

  compile(program: SplitProgram): Program {
    const device = this.#live();
    const description = nativeProgram(program);
    try {
      const compiled = new CpuProgram(program.id, this.#addon, device.compile(description));
      this.#programs.add(compiled);
      return compiled;
    } catch (cause) {
      throw this.#wrap(cause, "program/refused", `can't compile a split`);
    }
  }

  write(region: RegionName, offset: number, bytes: Uint8Array): void {
    const device = this.#live();
    try {
      device.write(region, offset, bytes);
    } catch (cause) {
      throw this.#wrap(cause, "device/range", "can't write");
    }
  }

  read(region: RegionName, offset: number, into: Uint8Array): void {
    const device = this.#live();
    try {
      device.read(region, offset, into);
    } catch (cause) {
      throw this.#wrap(cause, "device/range", "can't read");
    }
  }

  counters(): DeviceCounters {
    return this.#live().counters();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const program of this.#programs) program.dispose();
    this.#programs.clear();
    this.#device.dispose();
  }

  #live(): NativeCpuDevice {
    if (!this.#disposed) return this.#device;
    throw new TensorplanError({
      code: "device/disposed",
      message: `the device '${this.id}' was disposed of`,
    });
  }

  #wrap(cause: unknown, code: string, what: string): TensorplanError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new TensorplanError({ code, message: `the device '${this.id}' ${what}: ${reason}`, cause });
  }
}
