#!/usr/bin/env node
// Committed, so that the package manager can link it before dist/ is built.
import "../dist/main.js";
