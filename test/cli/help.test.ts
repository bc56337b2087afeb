import { describe, expect, test } from "vitest";
import { tensorplan } from "./support.ts";

const commands = [
  "run",
  "plan",
  "explain",
  "devices",
  "inspect",
  "tokenize",
  "logits",
  "perplexity",
  "bench",
  "sweep",
  "synth",
];

describe("help", () => {
  test("lists every command on stdout", async () => {
    const { code, stdout, stderr } = await tensorplan(["--help"]);
    expect(code).toBe(0);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(stderr).toBe("");
  });

  test.each(commands)("of %s has examples, and --json among its flags", async (name) => {
    const { code, stdout } = await tensorplan([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain("--json");
    expect((await tensorplan(["help", name])).stdout).toBe(stdout);
  });

  test("the version is the package's", async () => {
    expect((await tensorplan(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("mistakes on the command line", () => {
  test.each([
    ["no command", [], /Usage: tensorplan/],
    ["an unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ["an unknown flag", ["inspect", "--frob"], /unknown option '--frob'/],
    ["a flag without its value", ["tokenize", "-p"], /argument missing/],
    ["a surplus word", ["inspect", "a", "b"], /too many arguments/],
    ["an unknown choice", ["synth", "--arch", "gpt-5"], /Allowed choices are deepseek-v2-lite/],
    [
      "a number out of range",
      ["synth", "--arch", "deepseek-v3", "--type", "f16", "-o", "x", "--layers", "0"],
      /whole number from 1/,
    ],
    ["a token that is no number", ["tokenize", "--tokens", "1,x"], /whole number/],
    ["two sources of a prompt", ["tokenize", "-p", "a", "-f", "b"], /cannot be used with/],
    ["no source of a prompt", ["tokenize"], /give a text/],
  ])("%s ends with code 2 and says what is allowed", async (_, argv, message) => {
    const { code, stdout, stderr } = await tensorplan(argv);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});
