import { spawn } from "node:child_process";
import { root } from "./paths.mjs";

/** The environment for tools: npm's own settings would reach cmake-js and point it at foreign headers. */
function toolEnvironment(extra = {}) {
  const env = { ...process.env, ...extra };
  for (const name of Object.keys(env)) {
    if (/^npm_config_(nodedir|node_gyp)$/i.test(name)) delete env[name];
  }
  return env;
}

/**
 * Runs a program without a standard input. Its output goes to our standard error, so that whatever follows
 * on standard output stays clean; with `capture` it is returned instead (and shown too if `echo`).
 * Resolves to `{ code, output }`; a program that cannot be started has code 127.
 */
export function exec(command, args, { cwd = root, env = {}, capture = false, echo = false } = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, {
      cwd,
      env: toolEnvironment(env),
      stdio: capture ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2],
    });
    if (capture) {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8");
        stream.on("data", (text) => {
          output += text;
          if (echo) process.stderr.write(text);
        });
      }
    }
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      resolve({ code: code ?? 1, output: signal === null ? output : `${output}killed by ${signal}\n` });
    });
  });
}
