export {
  estimateStep,
  estimateVariant,
  type NodeEstimate,
  type StepEstimate,
  type TaskEstimate,
  type TransferEstimate,
} from "./cost/estimateStep.ts";
export { type CostLimit, type KernelTime, kernelTime } from "./cost/kernelTime.ts";
export { mlaCrossovers } from "./cost/mlaCrossovers.ts";
export { type EstimatedStep, phaseStep, stepSizes } from "./cost/stepBindings.ts";
export { diffPlans } from "./diff/diffPlans.ts";
export { formatPlanDiff } from "./diff/formatPlanDiff.ts";
export type * from "./diff/planDiff.ts";
export { attentionLines } from "./explain/attentionLines.ts";
export { cacheLines } from "./explain/cacheLines.ts";
export type { VariantChoice } from "./explain/chooseVariants.ts";
export { decisionsOf } from "./explain/decisions.ts";
export { explain } from "./explain/explain.ts";
export { explainSplits } from "./explain/explainSplits.ts";
export { explainTransfers, transfersText } from "./explain/explainTransfers.ts";
export { formatPlanSummary } from "./explain/formatPlanSummary.ts";
export { formatPlanTable, variantOfPhase } from "./explain/formatPlanTable.ts";
export { formatRules } from "./explain/formatRules.ts";
export { nearNames } from "./explain/nearNames.ts";
export { formatBytes, formatTime } from "./explain/quantities.ts";
export { type RuleUse, ruleUses, type VariantUse } from "./explain/ruleUses.ts";
export { splitsText } from "./explain/splitsText.ts";
export { parseSweep, type Sweep, sweptVariants } from "./explain/sweep.ts";
export { type Threshold, thresholds } from "./explain/thresholds.ts";
export { thresholdsText } from "./explain/thresholdsText.ts";
export { type Trial, trialText, tryRules } from "./explain/tryRules.ts";
export { whyNot } from "./explain/whyNot.ts";
export { whyNotText } from "./explain/whyNotText.ts";
export { contributors, totalBytes } from "./memory/budget.ts";
export { type Objective, objectives } from "./optimise/objective.ts";
export type { MilpResult, MilpSolver } from "./optimise/solver.ts";
export { capabilitiesOf } from "./plan/capabilities.ts";
export { effectiveRules } from "./plan/effectiveRules.ts";
export { plan } from "./plan/makePlan.ts";
export * from "./plan/places.ts";
export * from "./plan/plan.ts";
export type { PlanInput } from "./plan/planInput.ts";
export { planFromJson, planHash, planToJson } from "./plan/planJson.ts";
export { lockFromJson, lockToJson, looksLikeLock } from "./plan/planLock.ts";
export { plannedKernels } from "./plan/plannedKernels.ts";
export { programSymbols, splitProgram } from "./plan/splitProgram.ts";
export { type StepTask, stepTasks } from "./plan/stepTasks.ts";
export type { StateResidence, WeightCopy, WeightResidence } from "./residence/residence.ts";
export { RuleList, type RuleOptions, rules } from "./rules/builder/rules.ts";
export { rulesToTypeScript } from "./rules/builder/rulesToTypeScript.ts";
export type { NodeSelector, StoredSelector, WeightSelector } from "./rules/builder/selectors.ts";
export { type DefaultOptions, defaultRules, MLA_DECOMPRESS_FROM } from "./rules/defaults.ts";
export { deviceNamed } from "./rules/deviceName.ts";
export { rulesFromText } from "./rules/file/readRules.ts";
export { RULES_SCHEMA } from "./rules/file/ruleSchema.ts";
export { rulesJsonSchema } from "./rules/file/rulesJsonSchema.ts";
export { rulesToJson, rulesToYaml } from "./rules/file/writeRules.ts";
export { layerCount } from "./rules/flags/gpuLayers.ts";
export {
  type LoweringFlags,
  loweringFlagHelp,
  mlaModes,
  type PhaseSwitch,
  printPhaseSwitch,
} from "./rules/flags/loweringFlags.ts";
export { loweringRules } from "./rules/flags/loweringRules.ts";
export { type PlacementFlags, placementFlagHelp, splitModes } from "./rules/flags/placementFlags.ts";
export { rulesFromFlags } from "./rules/flags/rulesFromFlags.ts";
export type {
  Action,
  FollowTarget,
  Pattern,
  Range,
  Rule,
  RuleOrigin,
  Selector,
  StepDim,
} from "./rules/rule.ts";
export { printOrigin } from "./rules/rule.ts";
export type { Decision, Tried } from "./rules/ruleBook.ts";
export { layerOf } from "./rules/selector.ts";
export { type Box, type BoxRange, describeBox, type StepSizes } from "./variants/box.ts";
export type { Refusal } from "./verdicts/row.ts";
