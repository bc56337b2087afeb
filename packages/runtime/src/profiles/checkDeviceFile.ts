import { TensorplanError } from "@tensorplan/ir";
import type { z } from "zod";
import { DEVICES_SCHEMA, type DeviceFile, deviceFileSchema } from "./deviceFile.ts";

const wrong = (
  code: string,
  source: string,
  message: string,
  hint: string,
  cause?: unknown,
): TensorplanError =>
  new TensorplanError({ code: `devices/${code}`, message: `${source}: ${message}`, hint, cause });

/** `devices[0].rates.int8` */
const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`))
    .join("");

/** Of a value that fits none of several forms: what is wrong with the form that it comes nearest to. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined ? issue : { ...deepest(inner), path: [...issue.path, ...deepest(inner).path] };
}

/**
 * Reads a profile file's text and checks all that it says.
 *
 * @param source what to call the file in messages
 * @throws TensorplanError `devices/not-json`, `devices/version`, `devices/invalid`, `devices/duplicate`, `devices/unknown`,
 * `devices/unlinked`
 */
export function checkDeviceFile(text: string, source: string): DeviceFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong("not-json", source, `it isn't JSON (${(cause as Error).message})`, "mend the file", cause);
  }
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema !== DEVICES_SCHEMA && typeof schema === "string" && schema.startsWith("tensorplan.devices/")) {
    throw wrong(
      "version",
      source,
      `it is of version ${schema}, and this is ${DEVICES_SCHEMA}`,
      "update Tensorplan, or write the file in this version",
    );
  }
  const parsed = deviceFileSchema.safeParse(value);
  if (!parsed.success) {
    const [first, ...more] = parsed.error.issues;
    const issue = first === undefined ? undefined : deepest(first);
    throw wrong(
      "invalid",
      source,
      `${pathOf(issue?.path ?? []) || "the file"}: ${issue?.message ?? "not a profile file"}${more.length === 0 ? "" : ` (and ${more.length} more)`}`,
      "the JSON Schema schema/devices-1.json describes every field",
    );
  }
  checkReferences(parsed.data, source);
  return parsed.data;
}

function checkReferences({ hosts, devices, links }: DeviceFile, source: string): void {
  const hostIds = unique(hosts, "hosts", source);
  const deviceIds = unique(devices, "devices", source);
  for (const { id, host } of devices) {
    if (!hostIds.has(host)) throw unknown(source, `the device '${id}' is in the host '${host}'`, hostIds);
  }
  for (const [index, { among }] of links.entries()) {
    const stranger = among.find((id) => !deviceIds.has(id));
    if (stranger !== undefined) {
      throw unknown(source, `links[${index}] leads to the device '${stranger}'`, deviceIds);
    }
    const twice = among.find((id, i) => among.indexOf(id) !== i);
    if (twice !== undefined) {
      throw wrong("duplicate", source, `links[${index}] names '${twice}' twice`, "link different devices");
    }
  }
  const [first] = devices;
  const reached = new Set(first === undefined ? [] : [first.id]);
  for (let grown = true; grown; ) {
    const before = reached.size;
    for (const { among } of links) {
      if (among.some((id) => reached.has(id))) for (const id of among) reached.add(id);
    }
    grown = reached.size > before;
  }
  const lost = devices.find(({ id }) => !reached.has(id));
  if (lost !== undefined) {
    throw wrong(
      "unlinked",
      source,
      `no link leads from '${first?.id}' to '${lost.id}'`,
      "add a link between them, or to a device that is linked to both",
    );
  }
}

function unique(list: readonly { readonly id: string }[], what: string, source: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { id } of list) {
    if (ids.has(id)) {
      throw wrong("duplicate", source, `two ${what} are called '${id}'`, "give each a name of its own");
    }
    ids.add(id);
  }
  return ids;
}

const unknown = (source: string, what: string, known: ReadonlySet<string>): TensorplanError =>
  wrong("unknown", source, `${what}, which the file doesn't have`, `it has: ${[...known].join(", ")}`);
