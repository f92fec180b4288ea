import { asError, CollectorError, messageOf } from "../base/errors.ts";
import { misspelt } from "../config/environment.ts";
import type { Command, CommandOptions } from "./command.ts";
import { isMisuse, NotYetError, UsageError, wordText } from "./command.ts";
import { chooseCommand, followWords } from "./command-group.ts";
import { optionsOfAll, optionValues, refuseUnknown, takeApart } from "./command-line.ts";
import { commands } from "./commands.ts";
import { commonOptions } from "./common-options.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { commandHelp, programHelp } from "./help.ts";
import { nearest } from "../base/nearest.ts";
import { StoreError } from "../store/store-error.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "../base/version.ts";

/** What stands without a command. */
const versionOption: CommandOptions = {
  version: { type: "boolean", short: "v", description: "show the version" },
};

/**
 * Runs one command line, without the leading `node` and script, and tells what to end the process with. Never
 * throws.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await runLine(args, terminal);
  } catch (thrown) {
    return report(asError(thrown), terminal);
  } finally {
    terminal.progress();
  }
}

async function runLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const allOptions = { ...optionsOfAll(commands), ...commonOptions, ...versionOption };
  const { words, options } = takeApart(args, withShortsOf(args, allOptions));
  const asksHelp = words[0] === "help" || options.some(({ name }) => name === "help");
  const [name, ...rest] = words[0] === "help" ? words.slice(1) : words;
  if (options.some((option) => option.name === "version" || option.written === "-V")) {
    terminal.out(version);
    return exitCode.ok;
  }
  if (name === undefined) {
    refuseUnknown(options, allOptions, "mdc");
    const lines = programHelp(commands);
    for (const line of lines) {
      if (asksHelp) terminal.out(line);
      else terminal.err(line);
    }
    return asksHelp ? exitCode.ok : exitCode.usage;
  }
  const found = followWords(find(name), rest);
  if (asksHelp) {
    for (const line of commandHelp(found, commonOptions)) terminal.out(line);
    return exitCode.ok;
  }
  refuseUnknown(options, { ...found.command.options, ...commonOptions }, found.path);
  const { command, positionals } = chooseCommand(found.command, found.rest, found.path);
  for (const slip of misspelt()) terminal.err(`mdc: ${slip}`);
  const values = optionValues(args, { ...command.options, ...commonOptions }, found.path);
  return await command.run({
    positionals,
    terminal,
    text: (option) => (typeof values[option] === "string" ? values[option] : undefined),
    texts: (option) => {
      const given = values[option];
      return Array.isArray(given) ? given.filter((text) => typeof text === "string") : [];
    },
    flag: (option) => values[option] === true,
  });
}

/**
 * All options as the command that is named means them: `-f` is `--follow` of one command and `--file` of
 * another.
 */
function withShortsOf(args: readonly string[], all: CommandOptions): CommandOptions {
  const { words } = takeApart(args, all);
  const command = commands.find(({ name }) => name === (words[0] === "help" ? words[1] : words[0]));
  const shorts = new Set(Object.values(command?.options ?? {}).map(({ short }) => short));
  const others = Object.entries(all).map(([name, { short, ...option }]) => {
    const keeps = short !== undefined && !shorts.has(short);
    return [name, keeps ? { ...option, short } : option] as const;
  });
  return { ...Object.fromEntries(others), ...command?.options };
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
  if (error instanceof NotYetError) for (const line of error.lines) terminal.err(line);
  return code;
}

function exitCodeOf(error: Error): ExitCode {
  if (isMisuse(error)) return exitCode.usage;
  if (error instanceof CollectorError && error.code === "CORRUPT") return exitCode.data;
  if (error instanceof NotYetError) return exitCode.data;
  // The store's errors, the system's, and those of a library that is not there.
  const isForeseen = error instanceof StoreError || error instanceof CollectorError || isCoded(error);
  return isForeseen ? exitCode.storage : exitCode.internal;
}

function isCoded(error: Error): boolean {
  return "code" in error && typeof error.code === "string";
}
