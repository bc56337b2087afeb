import { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { normaliseArgv, withShortName } from "./normaliseArgv.ts";

const command = () =>
  new Command("x")
    .addOption(withShortName(new Option("--ubatch-size <N>", "tokens of one step"), "-ub"))
    .addOption(withShortName(new Option("--gpu-layers <N>", "layers"), "-ngl"))
    .option("-p, --prompt <TEXT>", "text")
    .option("-v, --verbose", "say more");

describe("flags of one dash and several letters", () => {
  test.each([
    [
      ["-ub", "512"],
      ["--ubatch-size", "512"],
    ],
    [["-ub=512"], ["--ubatch-size=512"]],
    [
      ["-ngl", "-1", "-ub", "7"],
      ["--gpu-layers", "-1", "--ubatch-size", "7"],
    ],
    [
      ["-v", "-ngl", "3"],
      ["-v", "--gpu-layers", "3"],
    ],
    [["-ub"], ["--ubatch-size"]],
    [
      ["-unknown", "1"],
      ["-unknown", "1"],
    ],
  ])("%j becomes %j", (argv, expected) => {
    expect(normaliseArgv(argv, command())).toEqual(expected);
  });

  test("values of other flags stay as they are, and so does all behind --", () => {
    expect(normaliseArgv(["-p", "-ub", "-ub", "-ngl"], command())).toEqual([
      "-p",
      "-ub",
      "--ubatch-size",
      "-ngl",
    ]);
    expect(normaliseArgv(["--prompt", "-ngl"], command())).toEqual(["--prompt", "-ngl"]);
    expect(normaliseArgv(["--", "-ub", "1"], command())).toEqual(["--", "-ub", "1"]);
  });

  test("help names them", () => {
    expect(command().helpInformation()).toContain("tokens of one step (also -ub)");
  });
});
