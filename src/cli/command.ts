import { utcTime } from "../base/time/utc-time.ts";
import type { ParseArgsConfig } from "node:util";
import { kindOf, quote } from "../base/errors.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/**
 * One command of `mdc`: one that does something, or a group of such. `commands.ts` lists them; `program.ts`
 * runs them.
 */
export type Command = RunnableCommand | CommandGroup;

/** What the help says of a command. */
interface DescribedCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands behind the name in the usage line: `<collection> [-n 20]`. */
  readonly parameters: string;
  /** Its own options, in `node:util` `parseArgs` form, with a description each. */
  readonly options: CommandOptions;
  /** Complete command lines that work, one a line. */
  readonly examples: readonly string[];
}

/** A command that does something. */
export interface RunnableCommand extends DescribedCommand {
  /** The least and the greatest number of positional arguments. */
  readonly positionals: readonly [min: number, max: number];
  run(input: CommandInput): Promise<ExitCode>;
}

/** A command whose next word says which of its own commands is meant. Make one with `createCommandGroup`. */
export interface CommandGroup extends DescribedCommand {
  readonly subcommands: readonly Command[];
  /** Which one is meant without a next word; without it, one has to be named. */
  readonly otherwise: Command | undefined;
}

/** Options by name, without the leading `--`. */
export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** One option: how to parse it and what it means. */
export type CommandOption = NonNullable<ParseArgsConfig["options"]>[string] & {
  readonly description: string;
  /** The placeholder of its value in the help: `<n>`. */
  readonly value?: string;
};

/** What a command gets to work with. */
export interface CommandInput {
  readonly positionals: readonly string[];
  /** The text of an option, or undefined when it was not given. */
  text(option: string): string | undefined;
  /** All texts of an option that can be given several times. */
  texts(option: string): readonly string[];
  /** Whether a switch was given. */
  flag(option: string): boolean;
  readonly terminal: Terminal;
}

/**
 * The command line is wrong: the message is shown with a pointer to the help, and the process ends with 2.
 */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** What was asked for waits to be stored: the message is shown, then lines that say where; the code is 3. */
export class NotYetError extends Error {
  override readonly name: string = "NotYetError";
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/** Whether something thrown says that what a person gave is wrong. */
export function isMisuse(thrown: unknown): boolean {
  if (thrown instanceof UsageError) return true;
  return thrown instanceof Error && "code" in thrown && thrown.code === "INVALID_ARGUMENT";
}

/**
 * A word of the command line in a message, if it looks like a command; what else was pasted there may be a
 * secret.
 */
export function wordText(word: string): string {
  return /^[a-z][a-z -]{0,23}$/.test(word) ? quote(word) : kindOf(word);
}

/** An option's text as a whole number of at least `least`; {@link UsageError} if it is not one. */
export function wholeNumber(input: CommandInput, option: string, min: number, fallback: number): number {
  const text = input.text(option);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw new UsageError(`--${option}: expected a whole number of at least ${min}, got ${kindOf(text)}`);
}

/** An option's text as a time, if it was given; {@link UsageError} if it is not one. */
export function timeOption(input: CommandInput, option: string): Date | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const time = utcTime(text);
  if (!Number.isNaN(time)) return new Date(time);
  throw new UsageError(
    `--${option}: expected a UTC time such as 2026-11-22 or 2026-11-22T05:30, got ${kindOf(text)}`,
  );
}
