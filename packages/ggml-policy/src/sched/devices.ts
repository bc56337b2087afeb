import type { GgmlTensor } from "../graph/tensor.ts";
import type { GgmlBackend } from "./backend.ts";
import type { Cause } from "./cause.ts";

/** Who computes or holds each tensor, as far as is decided, and why. Backends are numbered by priority; the CPU is the last. */
export class Devices {
  readonly backends: readonly GgmlBackend[];
  readonly #of = new Map<GgmlTensor, number>();
  readonly #causes = new Map<GgmlTensor, Cause>();

  constructor(backends: readonly GgmlBackend[]) {
    this.backends = backends;
  }

  get cpu(): number {
    return this.backends.length - 1;
  }

  get(tensor: GgmlTensor): number | undefined {
    return this.#of.get(tensor);
  }

  cause(tensor: GgmlTensor): Cause | undefined {
    return this.#causes.get(tensor);
  }

  set(tensor: GgmlTensor, backend: number, cause: Cause): void {
    this.#of.set(tensor, backend);
    this.#causes.set(tensor, cause);
  }

  backend(index: number): GgmlBackend {
    return this.backends[index] as GgmlBackend;
  }

  supports(index: number, node: GgmlTensor): boolean {
    return this.backend(index).supports(node);
  }

  /** Whether a backend's kernels can read the tensor where it lies, or where it will be made as far as that is known. */
  reads(index: number, tensor: GgmlTensor): boolean {
    const root = tensor.viewOf ?? tensor;
    if (root.buffer !== undefined) return this.backend(index).readsBuffer(root.buffer.type);
    const at = this.get(tensor) ?? this.get(root);
    return at !== undefined && this.backend(index).readsBuffer(this.backend(at).bufferType);
  }
}
