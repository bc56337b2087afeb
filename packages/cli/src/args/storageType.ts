import { dtypeNames, isDType, type StorageDType } from "@tensorplan/ir";
import { InvalidArgumentError } from "commander";

/** Files are often named after a mixture of types (`Q4_K_M`, `UD-Q2_K_XL`); what stands before the size of the mixture is the main one. */
const mixture = /^(?:ud-)?(i?q\d(?:_\w+?)?)_(?:xxs|xs|s|m|l|xl)$/;

/** A parser for the element type of weights, in any case. */
export function storageType(text: string): StorageDType {
  const name = text.trim().toLowerCase();
  if (isDType(name) && name !== "i32") return name;
  const main = mixture.exec(name)?.[1] ?? "";
  throw new InvalidArgumentError(
    isDType(main)
      ? `${text} is a mixture of types, and its sizes depend on the file: plan the file itself, or give its main type ${main}.`
      : `Give one of ${dtypeNames.filter((known) => known !== "i32").join(", ")}.`,
  );
}
