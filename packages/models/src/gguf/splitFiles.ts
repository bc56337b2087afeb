import { basename, dirname, join } from "node:path";
import { ggufError } from "./ggufError.ts";
import type { GgufMetadata } from "./ggufValue.ts";
import { MetadataReader } from "./metadata.ts";

/** What a part of a split model says about the set that it belongs to. */
export interface SplitInfo {
  /** Counted from 0. */
  readonly index: number;
  readonly count: number;
  /** Tensors in the whole set, where the file says so. */
  readonly tensors: number | undefined;
}

/** Reads `split.*`; undefined for a model in one file. */
export function splitInfo(metadata: GgufMetadata): SplitInfo | undefined {
  const reader = new MetadataReader(metadata);
  const count = reader.optionalInteger("split.count") ?? 1;
  if (count <= 1) return undefined;
  const index = reader.integer("split.no");
  if (count > 99_999 || index < 0 || index >= count) {
    throw ggufError(
      "split",
      `the file says that it is part ${index + 1} of ${count}`,
      "the file is damaged: download it again",
    );
  }
  return { index, count, tensors: reader.optionalInteger("split.tensors.count") };
}

/** The paths of all parts, in order, given any one of them. */
export function splitPaths(path: string, split: SplitInfo): readonly string[] {
  const suffix = (index: number) => `-${fiveDigits(index + 1)}-of-${fiveDigits(split.count)}.gguf`;
  const own = suffix(split.index);
  const name = basename(path);
  if (!name.endsWith(own)) {
    throw ggufError(
      "split",
      `${path} is part ${split.index + 1} of ${split.count}, so its name should end in "${own}"`,
      "give the parts back their original names: the others can't be found otherwise",
    );
  }
  const stem = name.slice(0, -own.length);
  return Array.from({ length: split.count }, (_, index) => join(dirname(path), stem + suffix(index)));
}

const fiveDigits = (n: number): string => String(n).padStart(5, "0");

/** Checks that a part says the same about the set as the part that was named. */
export function checkPart(path: string, part: SplitInfo | undefined, index: number, whole: SplitInfo): void {
  if (part?.index === index && part.count === whole.count) return;
  throw ggufError(
    "split",
    `${path} should be part ${index + 1} of ${whole.count} and says ${
      part === undefined ? "nothing about parts" : `that it is part ${part.index + 1} of ${part.count}`
    }`,
    "the parts are of different models or were renamed: download the set again",
  );
}
