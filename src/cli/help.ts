import type { Command, CommandOptions } from "./command.ts";

/** What `mdc --help` says, by line. */
export function programHelp(commands: readonly Command[]): string[] {
  const widest = Math.max(...commands.map(({ name }) => name.length));
  return [
    "mdc: look into what model-data-collector has stored",
    "",
    "  mdc <command> [options]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`),
    "",
    "Every command takes --root <folder or URL> (default MDC_DESTINATION, then ./collected) and --json;",
    "mdc <command> --help tells the rest.",
    "",
    "Exit codes: 0 ok, 1 a threshold was breached, 2 usage, 3 a problem in the data, 4 storage or credentials,",
    "5 a fault of mdc itself.",
  ];
}

/** What `mdc <command> --help` says, by line. */
export function commandHelp(command: Command, common: CommandOptions): string[] {
  const options = Object.entries({ ...command.options, ...common }).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    return [
      `${short}--${name}${option.value === undefined ? "" : ` ${option.value}`}`,
      option.description,
    ] as const;
  });
  const widest = Math.max(...options.map(([left]) => left.length));
  return [
    `mdc ${command.name}: ${command.summary}`,
    "",
    `  mdc ${command.name} ${command.parameters}`.trimEnd(),
    "",
    "Options:",
    ...options.map(([left, description]) => `  ${left.padEnd(widest)}  ${description}`),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ];
}
