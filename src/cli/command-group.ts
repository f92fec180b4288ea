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

/**
 * Which command is meant by `command` and the words behind its name. {@link UsageError} if there is none, or
 * if it takes more words or fewer.
 */
export function chooseCommand(command: Command, words: readonly string[]): ChosenCommand {
  const help = `(mdc ${command.name} --help)`;
  let chosen = command;
  let positionals = words;
  let path = `mdc ${command.name}`;
  while ("subcommands" in chosen) {
    const { subcommands, otherwise, parameters }: CommandGroup = chosen;
    const [word, ...rest] = positionals;
    const next = word === undefined ? otherwise : subcommands.find(({ name }) => name === word);
    if (next === undefined) {
      if (word === undefined) throw new UsageError(`expected: ${path} ${parameters} ${help}`);
      throw new UsageError(`${path}: expected ${listText(subcommands)}, got ${wordText(word)} ${help}`);
    }
    chosen = next;
    positionals = rest;
    path = `${path} ${next.name}`;
  }
  const [min, max] = chosen.positionals;
  if (positionals.length >= min && positionals.length <= max) return { command: chosen, positionals };
  if (chosen.parameters === "") throw new UsageError(`${path} takes no more words ${help}`);
  throw new UsageError(`expected: ${path} ${chosen.parameters} ${help}`);
}

/** The names of commands in a sentence: `ls, drain or quarantine`. */
function listText(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].join(" or ");
}
