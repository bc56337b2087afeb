import type {
  Device,
  DeviceCounters,
  DeviceProfile,
  Program,
  RegionName,
  SplitProgram,
  TensorSource,
  WeightPlace,
} from "@tensorplan/backend-api";
import { type OpSet, TensorplanError } from "@tensorplan/ir";
import { ReferenceMemory } from "./memory.ts";
import { ReferenceProgram } from "./program.ts";
import { transformWeight } from "./transformWeight.ts";

export class ReferenceDevice implements Device {
  readonly id: DeviceProfile["id"];
  readonly profile: DeviceProfile;
  readonly #ops: OpSet;
  readonly #memory = new ReferenceMemory();
  readonly #programs = new Set<ReferenceProgram>();
  #disposed = false;

  constructor(profile: DeviceProfile, ops: OpSet) {
    this.id = profile.id;
    this.profile = profile;
    this.#ops = ops;
  }

  allocate(region: RegionName, bytes: number): void {
    this.#live().allocate(region, bytes);
  }

  async loadWeight(place: WeightPlace, source: TensorSource, signal?: AbortSignal): Promise<void> {
    const memory = this.#live();
    const store = (offset: number, bytes: Uint8Array) => memory.load(place.offset + offset, bytes);
    await transformWeight(place, source, store, signal);
  }

  compile(program: SplitProgram): Program {
    const compiled = new ReferenceProgram(program, this.#ops, this.#live());
    this.#programs.add(compiled);
    return compiled;
  }

  write(region: RegionName, offset: number, bytes: Uint8Array): void {
    this.#live().write(region, offset, bytes);
  }

  read(region: RegionName, offset: number, into: Uint8Array): void {
    this.#live().read(region, offset, into);
  }

  counters(): DeviceCounters {
    return this.#live().counters();
  }

  dispose(): void {
    this.#disposed = true;
    for (const program of this.#programs) program.dispose();
    this.#memory.release();
  }

  #live(): ReferenceMemory {
    if (this.#disposed) {
      throw new TensorplanError({
        code: "device/disposed",
        message: `the device '${this.id}' was disposed of`,
      });
    }
    return this.#memory;
  }
}
