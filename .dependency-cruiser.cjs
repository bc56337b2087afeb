// Which package may import which (packages/<key> → packages/<values>). Tests may look sideways.
const allowed = {
  ir: [],
  "backend-api": ["ir"],
  models: ["ir"],
  scheduler: ["backend-api", "ir"],
  "ggml-policy": ["backend-api", "ir", "models", "scheduler"],
  "backend-reference": ["backend-api", "ir"],
  "backend-cpu": ["backend-api", "ir"],
  "backend-cuda": ["backend-api", "ir"],
  conformance: ["backend-api", "ir"],
  viewer: ["ir", "scheduler"],
  runtime: ["backend-api", "backend-cpu", "backend-cuda", "backend-reference", "ir", "models", "scheduler"],
  cli: [
    "backend-api",
    "backend-cpu",
    "backend-cuda",
    "backend-reference",
    "conformance",
    "ggml-policy",
    "ir",
    "models",
    "runtime",
    "scheduler",
    "viewer",
  ],
};

const tests = "\\.test(-d)?\\.ts$|/testing/";

const direction = Object.entries(allowed).map(([name, targets]) => ({
  name: `direction-${name}`,
  comment: `packages/${name} may import: ${targets.join(", ") || "no other package of ours"}`,
  severity: "error",
  from: { path: `^packages/${name}/`, pathNot: tests },
  to: { path: "^(packages|test|bench|scripts)/", pathNot: `^packages/(${[name, ...targets].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...direction,
    {
      name: "no-cycles",
      comment: "Types may refer to each other across files (they are erased); modules that run may not",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "through-the-front-door",
      comment:
        "Another package is imported by its name, through its src/index.ts; pages in a browser can't take the whole scheduler",
      severity: "error",
      from: { path: "^packages/([^/]+)/", pathNot: tests },
      to: {
        path: "^packages/[^/]+/",
        pathNot: [
          "^packages/$1/",
          "^packages/[^/]+/src/index\\.ts$",
          "^packages/scheduler/src/explain/quantities\\.ts$",
        ],
      },
    },
    {
      name: "known-packages-only",
      comment: "A package that is not in the table at the top of .dependency-cruiser.cjs",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/(${Object.keys(allowed).join("|")})/` },
      to: {},
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared",
      comment: "An npm package that the importing package's package.json does not list",
      severity: "error",
      from: { path: "^packages/", pathNot: tests },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"] },
    },
    {
      name: "no-test-in-product",
      severity: "error",
      from: { path: "^packages/", pathNot: tests },
      to: { path: tests },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|build|build-[^/]+)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@tensorplan/source", "import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".js", ".json", ".d.ts"],
    },
  },
};
