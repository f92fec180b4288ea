import { parseArgs } from "node:util";
import { asError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { Command, CommandOptions } from "./command.ts";
import { UsageError } from "./command.ts";

/**
 * A command line taken apart before it is known which command is meant: options may stand before its name,
 * too.
 */
export interface CommandLine {
  /** What is neither an option nor the value of one. */
  readonly words: readonly string[];
  /** The options. */
  readonly options: readonly GivenOption[];
}

/** An option as it was given. */
export interface GivenOption {
  readonly name: string;
  /** With its dashes: `--root`, `-n`. */
  readonly written: string;
}

/**
 * Takes a line apart by all options that there are; none of them has a value in one command and none in
 * another.
 */
export function takeApart(args: readonly string[], options: CommandOptions): CommandLine {
  const { tokens } = parseArgs({
    ...{ args: [...args], options, allowPositionals: true, strict: false, tokens: true },
  });
  return {
    words: tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : [])),
    options: tokens.flatMap((token) =>
      token.kind === "option" ? [{ name: token.name, written: token.rawName }] : [],
    ),
  };
}

/** The options of commands, those of their own commands included. */
export function optionsOfAll(commands: readonly Command[]): CommandOptions {
  return Object.assign({}, ...commands.map(({ options }) => options));
}

/** {@link UsageError} for the first option that is none of `known`; `path` is what does not have it. */
export function refuseUnknown(given: readonly GivenOption[], known: CommandOptions, path: string): void {
  for (const { name, written } of given) {
    if (Object.hasOwn(known, name)) continue;
    const near = nearest(name, Object.keys(known));
    const hint = near === undefined ? `see ${path} --help` : `did you mean --${near}?`;
    throw new UsageError(`${path} has no option ${written}; ${hint}`);
  }
}

/**
 * The values of the options that a command takes. {@link UsageError} for one without its value, and the like.
 */
export function optionValues(
  args: readonly string[],
  known: CommandOptions,
  path: string,
): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true }).values;
  } catch (thrown) {
    throw new UsageError(`${asError(thrown).message} (${path} --help)`);
  }
}
