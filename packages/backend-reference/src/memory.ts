import {
  type DeviceCounters,
  type OperandPlace,
  type RegionName,
  ROWS_LAYOUT,
  regionNames,
} from "@tensorplan/backend-api";
import {
  countOf,
  type DType,
  dtypes,
  type HostTensor,
  rowBytes,
  rowsOf,
  TensorplanError,
} from "@tensorplan/ir";

/** Values decoded from a place, kept while nobody else writes there. */
interface Shadow {
  readonly offset: number;
  readonly dtype: DType;
  readonly columns: number;
  readonly values: Float32Array;
  /** The values are newer than the bytes. */
  dirty: boolean;
}

interface Region {
  readonly bytes: Uint8Array;
  readonly shadows: Map<string, Shadow>;
}

const emptyRegion = (): Region => ({ bytes: new Uint8Array(0), shadows: new Map() });

const bytesOf = (dtype: DType, shape: readonly number[]): number =>
  countOf(shape) === 0 ? 0 : rowsOf(shape) * rowBytes(dtype, shape.at(-1) ?? 1);

function allocateBytes(region: RegionName, bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new TensorplanError({
      code: "reference/out-of-memory",
      message: `${bytes} bytes for ${region} can't be allocated on the reference device`,
      hint: "use a smaller context, or another device",
      cause,
    });
  }
}

/**
 * The device's four regions. They hold the bytes that the plan says, in the element types that it says. f32 and i32 values are used
 * in place; others are decoded into a shadow, once for weights, and caches that change are encoded again when somebody reads them.
 */
export class ReferenceMemory {
  readonly #regions: Record<RegionName, Region> = {
    weights: emptyRegion(),
    states: emptyRegion(),
    inputs: emptyRegion(),
    arena: emptyRegion(),
  };
  #peak = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #loadedBytes = 0;
  #runs = 0;

  allocate(region: RegionName, bytes: number): void {
    this.#regions[region] = { bytes: allocateBytes(region, bytes), shadows: new Map() };
    this.#peak = Math.max(this.#peak, this.#total());
  }

  release(): void {
    for (const region of regionNames) this.#regions[region] = emptyRegion();
  }

  write(region: RegionName, offset: number, bytes: Uint8Array): void {
    this.#store(region, offset, bytes);
    this.#bytesIn += bytes.byteLength;
  }

  /** As `write`, but for weights, which are counted apart from copies between devices. */
  load(offset: number, bytes: Uint8Array): void {
    this.#store("weights", offset, bytes);
    this.#loadedBytes += bytes.byteLength;
  }

  /** A program ran to its end. */
  countRun(): void {
    this.#runs++;
  }

  #store(region: RegionName, offset: number, bytes: Uint8Array): void {
    const target = this.#span(region, offset, bytes.byteLength);
    this.#flush(region);
    this.#regions[region].shadows.clear();
    target.set(bytes);
  }

  read(region: RegionName, offset: number, into: Uint8Array): void {
    const source = this.#span(region, offset, into.byteLength);
    this.#flush(region);
    into.set(source);
    this.#bytesOut += into.byteLength;
  }

  counters(): DeviceCounters {
    const regionBytes = Object.fromEntries(
      regionNames.map((region) => [region, this.#regions[region].bytes.byteLength]),
    ) as Record<RegionName, number>;
    return {
      regionBytes,
      peakBytes: this.#peak,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      loadedBytes: this.#loadedBytes,
      runs: this.#runs,
    };
  }

  /** The values at a place. Floats that aren't f32 come decoded; after changing them call `changed`. */
  tensor(place: OperandPlace, shape: readonly number[]): HostTensor {
    if (place.layout !== ROWS_LAYOUT) {
      throw new TensorplanError({
        code: "reference/layout",
        message: `the reference device reads the layout '${ROWS_LAYOUT}', not '${place.layout}'`,
      });
    }
    const { region, offset, dtype } = place;
    const span = this.#span(region, offset, bytesOf(dtype, shape));
    const count = countOf(shape);
    if (dtype === "f32") return { dtype, shape, data: new Float32Array(span.buffer, span.byteOffset, count) };
    if (dtype === "i32") return { dtype, shape, data: new Int32Array(span.buffer, span.byteOffset, count) };
    return { dtype, shape, data: this.#shadow(place, span, count, shape.at(-1) ?? 1).values };
  }

  /** Says that the values at a place, got by `tensor`, have changed. */
  changed(place: OperandPlace): void {
    const { shadows } = this.#regions[place.region];
    for (const shadow of shadows.values()) if (shadow.offset === place.offset) shadow.dirty = true;
    // Places in the arena are used again for other values within a step.
    if (place.region === "arena") {
      this.#flush("arena");
      shadows.clear();
    }
  }

  #shadow({ region, offset, dtype }: OperandPlace, span: Uint8Array, count: number, columns: number): Shadow {
    const { shadows } = this.#regions[region];
    const key = `${offset} ${dtype} ${count}`;
    const known = shadows.get(key);
    if (known !== undefined && region !== "arena" && region !== "inputs") return known;
    const values = new Float32Array(count);
    dtypes[dtype].decode(span, values, columns);
    const shadow: Shadow = { offset, dtype, columns, values, dirty: false };
    shadows.set(key, shadow);
    return shadow;
  }

  #flush(region: RegionName): void {
    for (const shadow of this.#regions[region].shadows.values()) {
      if (!shadow.dirty) continue;
      const { dtype, columns, values } = shadow;
      const bytes = (values.length / columns) * rowBytes(dtype, columns);
      dtypes[dtype].encode(values, this.#span(region, shadow.offset, bytes), columns);
      shadow.dirty = false;
    }
  }

  #span(region: RegionName, offset: number, bytes: number): Uint8Array {
    const all = this.#regions[region].bytes;
    if (offset < 0 || offset + bytes > all.byteLength) {
      throw new TensorplanError({
        code: "reference/out-of-region",
        message: `bytes ${offset} to ${offset + bytes} of ${region} were asked for, but it has ${all.byteLength}`,
        details: { region, offset, bytes, regionBytes: all.byteLength },
      });
    }
    return all.subarray(offset, offset + bytes);
  }

  #total(): number {
    return regionNames.reduce((sum, region) => sum + this.#regions[region].bytes.byteLength, 0);
  }
}
