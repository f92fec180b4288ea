import { parseArgs } from "node:util";
import { asError, CollectorError, messageOf } from "../base/errors.ts";
import type { Command, CommandInput, CommandOption, CommandOptions } from "./command.ts";
import { UsageError, wordText } from "./command.ts";
import { chooseCommand } from "./command-group.ts";
import { commands } from "./commands.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { commandHelp, programHelp } from "./help.ts";
import { nearest } from "../base/nearest.ts";
import { StoreError } from "../store/store-error.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "../base/version.ts";

/** What every command takes. */
export const commonOptions: CommandOptions = {
  root: {
    type: "string",
    value: "<folder or URL>",
    description: "where the data is; default MDC_DESTINATION, then what MDC_CONFIG says, then ./collected",
  },
  json: { type: "boolean", description: "write JSON for machines" },
  help: { type: "boolean", short: "h", description: "show this help" },
};

/**
 * Runs one command line, without the leading `node` and script, and tells what to end the process with. Never
 * throws.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    const [name, ...rest] = args;
    if (name === undefined) {
      for (const line of programHelp(commands)) terminal.err(line);
      return exitCode.usage;
    }
    if (name === "--version" || name === "-V") {
      terminal.out(version);
      return exitCode.ok;
    }
    if (name === "--help" || name === "-h") {
      show(programHelp(commands), terminal);
      return exitCode.ok;
    }
    if (name === "help") {
      show(
        rest[0] === undefined ? programHelp(commands) : commandHelp(find(rest[0]), commonOptions),
        terminal,
      );
      return exitCode.ok;
    }
    return await runCommand(find(name), rest, terminal);
  } catch (thrown) {
    return report(asError(thrown), terminal);
  }
}

async function runCommand(command: Command, args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals: words } = parse(command, args);
  if (values["help"] === true) {
    show(commandHelp(command, commonOptions), terminal);
    return exitCode.ok;
  }
  const { command: chosen, positionals } = chooseCommand(command, words);
  const input: CommandInput = {
    positionals,
    terminal,
    text: (option) => (typeof values[option] === "string" ? values[option] : undefined),
    flag: (option) => values[option] === true,
  };
  try {
    return await chosen.run(input);
  } finally {
    terminal.progress();
  }
}

function show(lines: readonly string[], terminal: Terminal): void {
  for (const line of lines) terminal.out(line);
}

/** What `parseArgs` returns, widened: which options there are is known at run time only. */
interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function parse(command: Command, args: readonly string[]): Parsed {
  const options: Record<string, CommandOption> = { ...command.options, ...commonOptions };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (thrown) {
    const error = asError(thrown);
    const unknown = /^Unknown option '(-{1,2}[^']*)'/.exec(error.message)?.[1];
    if (unknown === undefined) throw new UsageError(`${error.message} (mdc ${command.name} --help)`);
    const near = nearest(unknown.replace(/^-+/, ""), Object.keys(options));
    const hint = near === undefined ? `see mdc ${command.name} --help` : `did you mean --${near}?`;
    throw new UsageError(`mdc ${command.name} has no option ${unknown}; ${hint}`);
  }
}

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = commands.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean mdc ${near}?`;
  throw new UsageError(`no command ${wordText(name)}; ${hint}`);
}

/** Says what went wrong and picks the exit code. */
function report(error: Error, terminal: Terminal): ExitCode {
  const code = exitCodeOf(error);
  terminal.err(`mdc: ${code === exitCode.internal ? "internal error: " : ""}${messageOf(error)}`);
  return code;
}

function exitCodeOf(error: Error): ExitCode {
  if (error instanceof UsageError) return exitCode.usage;
  if ("code" in error && error.code === "INVALID_ARGUMENT") return exitCode.usage;
  if (error instanceof CollectorError && error.code === "CORRUPT") return exitCode.data;
  // The store's errors, the system's, and those of a library that is not there.
  const isForeseen = error instanceof StoreError || error instanceof CollectorError || isCoded(error);
  return isForeseen ? exitCode.storage : exitCode.internal;
}

function isCoded(error: Error): boolean {
  return "code" in error && typeof error.code === "string";
}
