/** Raises an error that Tensorplan prints with its code, and with the hint where there is one. */
export function refuse(code, message, hint) {
  throw Object.assign(new Error(message), { code: `onnxruntime/${code}`, hint });
}
