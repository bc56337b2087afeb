#!/usr/bin/env node
// Committed, so that the package manager can link it before dist/ is built.
import module from "node:module";

// Newer versions of Node keep what they compile: a quarter of the time of a short command goes into compiling the same files again.
module.enableCompileCache?.();
await import("../dist/main.js");
