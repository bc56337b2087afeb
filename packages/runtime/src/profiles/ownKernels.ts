import type { KernelRow, LayoutInfo } from "@tensorplan/backend-api";

interface BackendKernels {
  readonly kernels: readonly KernelRow[];
  readonly layouts: readonly LayoutInfo[];
}

/** What profiles can take from our backends by naming them. */
const own: Readonly<Record<string, () => Promise<BackendKernels>>> = {
  cpu: async () => {
    const { kernelRows, cpuLayouts } = await import("@tensorplan/backend-cpu");
    return { kernels: kernelRows, layouts: cpuLayouts };
  },
  cuda: async () => {
    const { kernelRows, cudaLayouts } = await import("@tensorplan/backend-cuda");
    return { kernels: kernelRows, layouts: cudaLayouts };
  },
};

export const backendsWithKernels: readonly string[] = Object.keys(own);

/** A backend's kernel rows and layouts, or undefined for a backend that isn't ours. */
export const kernelsOf = async (backend: string): Promise<BackendKernels | undefined> =>
  Object.hasOwn(own, backend) ? own[backend]?.() : undefined;
