import { messageOf } from "../../../base/errors.ts";
import { readEnvironment } from "../../../config/environment.ts";
import { type ResolvedDeployment, resolveDeployment } from "../../../config/resolve.ts";
import { type CommandInput, isMisuse, type RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { bold, dim } from "../../terminal.ts";
import { checkConfiguration } from "./check-configuration.ts";
import { checkDestination } from "./check-destination.ts";
import { checkMounts } from "./check-mounts.ts";
import { checkSpool } from "./check-spool.ts";
import { peerVersions, programVersions } from "./check-versions.ts";
import { type Finding, findingsOf } from "./findings.ts";

/** `mdc doctor`: whether a deployment with this environment would work, and what it would do. */
export const doctor: RunnableCommand = {
  name: "doctor",
  summary:
    "look whether collecting with this environment would work: configuration, destination, clock, spool, mounts",
  parameters: "[--config <file>]",
  positionals: [0, 0],
  options: {
    config: { type: "string", value: "<file>", description: "the configuration file; default MDC_CONFIG" },
  },
  examples: ["mdc doctor", "mdc doctor --config blue.yml --json"],
  async run(input): Promise<ExitCode> {
    const versions = programVersions();
    input.terminal.progress("asking the destination …");
    let resolved: ResolvedDeployment;
    try {
      resolved = resolve(input);
    } catch (thrown) {
      if (!isMisuse(thrown)) throw thrown;
      show(input, [...versions, findingsOf("configuration").problem(messageOf(thrown))]);
      return exitCode.usage;
    }
    const findings = [
      ...versions,
      ...peerVersions(resolved),
      ...checkConfiguration(resolved),
      ...(await checkDestination(resolved)),
      ...(await checkSpool(resolved)),
      ...checkMounts(resolved),
    ];
    show(input, findings);
    const problems = findings.filter(({ state }) => state === "problem");
    if (problems.length === 0) return exitCode.ok;
    return problems.every(({ check }) => check === "quarantine") ? exitCode.data : exitCode.storage;
  },
};

function resolve(input: CommandInput): ResolvedDeployment {
  const [destination, configFile] = [input.text("root"), input.text("config")];
  const options = {
    ...(destination === undefined ? {} : { destination }),
    ...(configFile === undefined ? {} : { configFile }),
  };
  return resolveDeployment(options, readEnvironment(), "mdc doctor");
}

function show(input: CommandInput, findings: readonly Finding[]): void {
  const { terminal } = input;
  if (input.flag("json")) {
    terminal.json(findings);
    return;
  }
  for (const { check, state, text } of findings) {
    const mark = state.padEnd(8);
    terminal.out(state === "ok" ? dim(mark) : bold(mark), check.padEnd(14), text);
  }
}
