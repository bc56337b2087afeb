import { BACKEND_API_VERSION, type Backend } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { probe } from "./probe.ts";

/** NVIDIA GPUs. It finds them; it can't run anything on them yet. */
const cudaBackend: Backend = {
  apiVersion: BACKEND_API_VERSION,
  name: "cuda",
  probe: () => probe(),
  open(id) {
    const found = probe();
    throw new TensorplanError({
      code: found.kind === "none" ? found.code : "cuda/no-kernels",
      message:
        found.kind === "none"
          ? `there is no device '${id}': ${found.reason}`
          : `'${id}' can't be opened: this version has no CUDA kernels`,
      hint: "use the CPU: --backend cpu",
    });
  },
};

export { kernelRows } from "./kernels/index.ts";
export { cudaLayouts } from "./layouts.ts";
export default cudaBackend;
