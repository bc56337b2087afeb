import { createHash } from "node:crypto";
import type { Graph } from "./graph.ts";
import { graphToJson } from "./graphJson.ts";

/** SHA-256 of the canonical JSON, hexadecimal: the same on every machine for the same graph. */
export const graphHash = (graph: Graph): string =>
  createHash("sha256").update(graphToJson(graph)).digest("hex");
