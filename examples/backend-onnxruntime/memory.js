import { dtypes } from "@tensorplan/ir";
import { refuse } from "./refuse.js";

const regions = ["weights", "states", "inputs", "arena"];

/** The regions that a plan asks for, and weights of other types decoded to f32 beside them. */
export class Memory {
  #bytes = Object.fromEntries(regions.map((name) => [name, new Uint8Array()]));
  #decoded = new Map();
  #counts = { peakBytes: 0, bytesIn: 0, bytesOut: 0, loadedBytes: 0, runs: 0 };
  #released = false;

  allocate(region, bytes) {
    this.#live()[region] = new Uint8Array(bytes);
    const total = Object.values(this.counters().regionBytes).reduce((sum, each) => sum + each, 0);
    this.#counts.peakBytes = Math.max(this.#counts.peakBytes, total);
  }

  load({ offset, dtype }, bytes) {
    this.#span("weights", offset, bytes.length).set(bytes);
    this.#counts.loadedBytes += bytes.length;
    if (dtype === "f32") return;
    const { blockSize, blockBytes, decode } = dtypes[dtype];
    const values = new Float32Array((bytes.length / blockBytes) * blockSize);
    decode(bytes, values);
    this.#decoded.set(offset, values);
  }

  write(region, offset, bytes) {
    this.#span(region, offset, bytes.length).set(bytes);
    this.#counts.bytesIn += bytes.length;
  }

  read(region, offset, into) {
    into.set(this.#span(region, offset, into.length));
    this.#counts.bytesOut += into.length;
  }

  /** The values at a place. */
  floats({ region, offset, dtype }, shape) {
    this.#live();
    if (dtype !== "f32") return this.#decoded.get(offset) ?? refuse("weight", "a weight was not loaded");
    const count = shape.reduce((product, size) => product * size, 1);
    const span = this.#span(region, offset, 4 * count);
    return new Float32Array(span.buffer, span.byteOffset, count);
  }

  countRun() {
    this.#live();
    this.#counts.runs++;
  }

  counters() {
    const sizes = regions.map((region) => [region, this.#live()[region].length]);
    return { regionBytes: Object.fromEntries(sizes), ...this.#counts };
  }

  release() {
    this.#released = true;
    this.#bytes = {};
    this.#decoded.clear();
  }

  #live() {
    return this.#released ? refuse("disposed", "the device was disposed of") : this.#bytes;
  }

  #span(region, offset, bytes) {
    const all = this.#live()[region];
    if (offset + bytes > all.length)
      refuse("range", `${bytes} bytes at ${offset} aren't all inside ${region}`);
    return all.subarray(offset, offset + bytes);
  }
}
