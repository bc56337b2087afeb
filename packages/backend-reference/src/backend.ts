import { BACKEND_API_VERSION, type Backend, type DeviceId } from "@tensorplan/backend-api";
import { coreOps, type OpSet, TensorplanError } from "@tensorplan/ir";
import { ReferenceDevice } from "./device.ts";
import { REFERENCE_DEVICE, referenceProfile } from "./profile.ts";

/**
 * A backend that runs every operation of `ops` by its reference implementation, on one device. A second one, with a device of another name,
 * stands in for a second machine.
 */
export const createReferenceBackend = (ops: OpSet, device: DeviceId = REFERENCE_DEVICE): Backend => ({
  apiVersion: BACKEND_API_VERSION,
  name: device,
  probe: () => ({ kind: "devices", devices: [{ ...referenceProfile(ops), id: device }] }),
  open(id) {
    if (id === device) return new ReferenceDevice({ ...referenceProfile(ops), id: device }, ops);
    throw new TensorplanError({
      code: "device/unknown",
      message: `the reference backend has no device '${id}'`,
      hint: `it has one: '${device}'`,
    });
  },
});

export const referenceBackend: Backend = createReferenceBackend(coreOps);
