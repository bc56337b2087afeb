import { linkKinds } from "@tensorplan/backend-api";
import { z } from "zod";
import { kernelRowSchema, layoutSchema } from "./kernelRowSchema.ts";

export const DEVICES_SCHEMA = "tensorplan.devices/1";

const text = z.string().min(1);
const id = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]*(:\d+)?$/,
    "must be a lower-case name, with a number behind a colon where there are several",
  );
const speed = z.number().positive();

const host = z.strictObject({
  id: id.describe("name of the machine"),
  name: text.describe("what it is"),
});

const device = z.strictObject({
  id: id.describe("what rules and flags call the device: cpu, cuda:0, …"),
  host: id.describe("the machine that it is in"),
  backend: text.describe("the backend whose kernels it runs: cpu, cuda, …"),
  name: text.describe("the product's name"),
  memoryBytes: z.int().positive().describe("bytes that a plan may use"),
  hostMemory: z.boolean().describe("whether the host's code can address this memory"),
  threads: z.int().positive().describe("worker threads, or multiprocessors"),
  features: z.array(text).describe("what kernels may require, such as avx2 or tensor_int8"),
  bandwidth: speed.describe("bytes each second that its kernels can read from its memory"),
  rates: z
    .strictObject({ int8: speed, f32: speed, f16: speed })
    .describe("operations each second (a multiply-add counts 2) that the kernels' shares refer to"),
  kernels: z
    .union([z.literal("backend"), z.array(kernelRowSchema)])
    .describe("kernel rows, or `backend`: those of its backend that need no feature that it lacks"),
  layouts: z
    .union([z.literal("backend"), z.array(layoutSchema).min(1)])
    .default("backend")
    .describe("layouts that weights may have here, or `backend`: those of its backend"),
  derivation: z.array(text).min(1).describe("where the figures come from"),
});

const link = z.strictObject({
  kind: z.enum(linkKinds),
  among: z.array(id).min(2).describe("every two of these devices are linked so"),
  bandwidth: speed.describe("bytes each second, one way"),
  latencyNs: z.number().nonnegative().describe("time until the first byte arrives, nanoseconds"),
  derivation: z.array(text).min(1).describe("where the figures come from"),
});

/** A file that says what devices there are: hosts, devices and the links between them. */
export const deviceFileSchema = z.strictObject({
  $schema: z.string().exactOptional(),
  schema: z.literal(DEVICES_SCHEMA),
  name: text.describe("what machine this is"),
  hosts: z.array(host).min(1),
  devices: z
    .array(device)
    .min(1)
    .describe(
      "in the order in which they are preferred: things live on the first unless a rule says otherwise",
    ),
  links: z.array(link).default([]),
});

export type DeviceFile = z.infer<typeof deviceFileSchema>;
export type DeviceEntry = DeviceFile["devices"][number];
export type LinkEntry = DeviceFile["links"][number];

/** The published JSON Schema of profile files. */
export const deviceFileJsonSchema = (): object => ({
  ...z.toJSONSchema(deviceFileSchema, { io: "input", target: "draft-2020-12" }),
  title: "Tensorplan device profiles",
});
