export { checkContract } from "./checkContract.ts";
export { type Completeness, completenessOf, type Requirement, requirements } from "./completeness.ts";
export type { CaseResult, ConformanceCase } from "./conformanceCase.ts";
export { type CaseOptions, conformanceCases } from "./conformanceCases.ts";
export { conformanceSuite, type SuiteOptions, type SuitePart, suiteParts } from "./conformanceSuite.ts";
export { conformanceTests, expectConformance } from "./conformanceTests.ts";
export { drawGraphs } from "./drawGraph.ts";
export { runCase } from "./runCase.ts";
export * from "./sketches/sketch.ts";
