import type { Command, CommandOptions } from "./command.ts";
import type { CommandPath } from "./command-group.ts";

/** What `mdc --help` says, by line. */
export function programHelp(commands: readonly Command[]): string[] {
  return [
    "mdc: look into what model-data-collector has stored",
    "",
    "  mdc <command> [options]",
    "",
    ...summaries(commands),
    "",
    "Every command takes --root <folder or URL> (default MDC_DESTINATION, then what MDC_CONFIG says, then",
    "./collected) and --json; mdc <command> --help tells the rest, mdc --version the version.",
    "",
    "Exit codes: 0 ok, 1 a threshold was breached, 2 usage, 3 a problem in the data, 4 storage or credentials,",
    "5 a fault of mdc itself.",
  ];
}

/** What `mdc <command> --help` says, by line; for a command of a group, what that says of itself. */
export function commandHelp({ command, path }: CommandPath, common: CommandOptions): string[] {
  const options = Object.entries({ ...command.options, ...common }).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    return [
      `${short}--${name}${option.value === undefined ? "" : ` ${option.value}`}`,
      option.description,
    ] as const;
  });
  const widest = Math.max(...options.map(([left]) => left.length));
  return [
    `${path}: ${command.summary}`,
    "",
    `  ${path} ${command.parameters}`.trimEnd(),
    "",
    ...("subcommands" in command ? [...summaries(command.subcommands), ""] : []),
    "Options:",
    ...options.map(([left, description]) => `  ${left.padEnd(widest)}  ${description}`),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ];
}

/** A line for each command. */
function summaries(commands: readonly Command[]): string[] {
  const widest = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`);
}
