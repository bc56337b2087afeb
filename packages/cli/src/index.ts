export type { CliContext } from "./cliContext.ts";
export { runCli } from "./runCli.ts";
