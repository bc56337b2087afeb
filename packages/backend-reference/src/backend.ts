import { BACKEND_API_VERSION, type Backend } from "@tensorplan/backend-api";
import { coreOps, type OpSet, TensorplanError } from "@tensorplan/ir";
import { ReferenceDevice } from "./device.ts";
import { REFERENCE_DEVICE, referenceProfile } from "./profile.ts";

/** A backend that runs every operation of `ops` by its reference implementation, on one device called `reference`. */
export const createReferenceBackend = (ops: OpSet): Backend => ({
  apiVersion: BACKEND_API_VERSION,
  name: "reference",
  probe: () => ({ kind: "devices", devices: [referenceProfile(ops)] }),
  open(id) {
    if (id === REFERENCE_DEVICE) return new ReferenceDevice(referenceProfile(ops), ops);
    throw new TensorplanError({
      code: "device/unknown",
      message: `the reference backend has no device '${id}'`,
      hint: `it has one: '${REFERENCE_DEVICE}'`,
    });
  },
});

export const referenceBackend: Backend = createReferenceBackend(coreOps);
