import { totalmem } from "node:os";
import { kernels } from "./kernels.js";
import { Memory } from "./memory.js";
import { OnnxProgram } from "./program.js";
import { refuse } from "./refuse.js";

const ID = "onnxruntime";
const types = ["f32", "f16", "bf16", "q8_0", "iq4_nl", "i32"];

const profile = {
  id: ID,
  backend: ID,
  name: "ONNX Runtime on the CPU",
  memoryBytes: totalmem(),
  hostMemory: true,
  threads: 1,
  features: [],
  bandwidth: 8e9,
  rates: { int8: 2e10, f32: 2e10, f16: 2e10 },
  kernels: kernels.map(({ row }) => row),
  layouts: [{ name: "rows", doc: "row-major, as in the file", rowGroup: 1, dtypes: types }],
};

class OnnxDevice {
  id = ID;
  profile = profile;
  #memory = new Memory();

  allocate(region, bytes) {
    this.#memory.allocate(region, bytes);
  }

  async loadWeight(place, source, signal) {
    signal?.throwIfAborted();
    if (place.source.kind !== "tensor" || place.dtype !== source.dtype)
      refuse("weight", `the weight '${place.name}' would have to be converted`, "store it on another device");
    const rows = place.shape.slice(0, -1).reduce((product, size) => product * size, 1);
    this.#memory.load(place, await source.readRows(0, rows));
  }

  compile(program) {
    this.#memory.counters();
    return new OnnxProgram(program, this.#memory);
  }

  write(region, offset, bytes) {
    this.#memory.write(region, offset, bytes);
  }

  read(region, offset, into) {
    this.#memory.read(region, offset, into);
  }

  counters() {
    return this.#memory.counters();
  }

  dispose() {
    this.#memory.release();
  }
}

export default {
  apiVersion: 1,
  name: ID,
  probe: () => ({ kind: "devices", devices: [profile] }),
  open: (id) => (id === ID ? new OnnxDevice() : refuse("device", `there is no device '${id}'`)),
};
