import { nearest } from "../base/nearest.ts";
import type { Command, CommandGroup, CommandOptions, RunnableCommand } from "./command.ts";
import { UsageError, wordText } from "./command.ts";

/** What a group is made of; its parameters, options and examples are those of its commands. */
export interface CommandGroupParts {
  readonly name: string;
  readonly summary: string;
  readonly subcommands: readonly Command[];
  /** Which one is meant without a next word. */
  readonly otherwise?: Command;
}

/** A group of commands, described by what these say of themselves. */
export function createCommandGroup(parts: CommandGroupParts): CommandGroup {
  const { name, summary, subcommands, otherwise } = parts;
  const words = subcommands.map((command) => `${command.name} ${command.parameters}`.trimEnd()).join(" | ");
  return {
    name,
    summary,
    parameters: otherwise === undefined ? words : `[${words}]`,
    options: optionsOf(subcommands),
    examples: subcommands.flatMap(({ examples }) => examples),
    subcommands,
    otherwise,
  };
}

/** The options of all; of one that not every command takes its description says which ones do. */
function optionsOf(commands: readonly Command[]): CommandOptions {
  const options: CommandOptions = Object.assign({}, ...commands.map((command) => command.options));
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const takers = commands.filter((command) => name in command.options);
      if (takers.length === commands.length) return [name, option];
      const names = takers.map((command) => command.name).join(", ");
      return [name, { ...option, description: `${names}: ${option.description}` }];
    }),
  );
}

/** The command that a line means, and what it is run with. */
export interface ChosenCommand {
  readonly command: RunnableCommand;
  readonly positionals: readonly string[];
}

/** Where words lead, from a command through groups. */
export interface CommandPath {
  readonly command: Command;
  /** How it is called: `mdc spool ls`. */
  readonly path: string;
  /** The words behind that. */
  readonly rest: readonly string[];
}

/** As far as the words behind a command's name lead: to it, or to one of its own. */
export function followWords(
  command: Command,
  words: readonly string[],
  path = `mdc ${command.name}`,
): CommandPath {
  let found: CommandPath = { command, path, rest: words };
  for (;;) {
    const [word, ...rest] = found.rest;
    const next =
      "subcommands" in found.command
        ? found.command.subcommands.find(({ name }) => name === word)
        : undefined;
    if (next === undefined) return found;
    found = { command: next, path: `${found.path} ${next.name}`, rest };
  }
}

/**
 * Which command is meant by `command` and the words behind its name. {@link UsageError} if there is none, or
 * if it takes more words or fewer.
 */
export function chooseCommand(
  command: Command,
  words: readonly string[],
  calledBy = `mdc ${command.name}`,
): ChosenCommand {
  const { command: found, path, rest: positionals } = followWords(command, words, calledBy);
  const help = `(${path} --help)`;
  const chosen = defaultOf(found, positionals);
  if ("subcommands" in chosen) {
    const [word] = positionals;
    if (word === undefined) throw new UsageError(`expected: ${path} ${chosen.parameters} ${help}`);
    const { subcommands } = chosen;
    const near = nearest(
      word,
      subcommands.map(({ name }) => name),
    );
    const hint = near === undefined ? help : `; did you mean ${path} ${near}?`;
    const got = `expected ${listText(subcommands)}, got ${wordText(word)}`;
    throw new UsageError(`${path}: ${got}${near === undefined ? " " : ""}${hint}`);
  }
  const [min, max] = chosen.positionals;
  if (positionals.length >= min && positionals.length <= max) return { command: chosen, positionals };
  if (chosen.parameters === "") throw new UsageError(`${path} takes no more words ${help}`);
  throw new UsageError(`expected: ${path} ${chosen.parameters} ${help}`);
}

/** What a group is without another word, if it is anything. */
function defaultOf(command: Command, words: readonly string[]): Command {
  let chosen = command;
  while (words.length === 0 && "subcommands" in chosen && chosen.otherwise !== undefined)
    chosen = chosen.otherwise;
  return chosen;
}

/** The names of commands in a sentence: `ls, drain or quarantine`. */
function listText(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].join(" or ");
}
