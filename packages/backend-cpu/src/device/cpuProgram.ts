import type { NativeHandle, Program } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { NativeAddon, NativeProgram } from "../native/addon.ts";
import { cancellable } from "./canceller.ts";

/** A split compiled to kernels. */
export class CpuProgram implements Program {
  readonly id: string;
  readonly #addon: NativeAddon;
  readonly #program: NativeProgram;
  #handle: NativeHandle | undefined;
  #disposed = false;

  constructor(id: string, addon: NativeAddon, program: NativeProgram) {
    this.id = id;
    this.#addon = addon;
    this.#program = program;
  }

  get native(): NativeHandle {
    if (this.#disposed) throw this.#error("program/disposed", "was disposed of");
    this.#handle ??= this.#program.handle();
    return this.#handle;
  }

  async run(symbols: readonly number[], signal?: AbortSignal): Promise<void> {
    if (this.#disposed) throw this.#error("program/disposed", "was disposed of");
    let outcome: string;
    try {
      outcome = await cancellable(this.#addon, signal, (canceller) => this.#program.run(symbols, canceller));
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw this.#error(
        "program/failed",
        `failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      );
    }
    if (outcome !== "ok")
      throw this.#error("program/cancelled", "was stopped because its device was disposed of");
  }

  setTiming(on: boolean): void {
    if (this.#disposed) throw this.#error("program/disposed", "was disposed of");
    this.#program.setTiming(on);
  }

  moments(): Float64Array {
    if (this.#disposed) throw this.#error("program/disposed", "was disposed of");
    return this.#program.moments();
  }

  dispose(): void {
    this.#disposed = true;
    this.#handle = undefined;
    this.#program.dispose();
  }

  #error(code: string, what: string, cause?: unknown): TensorplanError {
    return new TensorplanError({ code, message: `the program '${this.id}' ${what}`, cause });
  }
}
