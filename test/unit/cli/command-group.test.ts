import { describe, expect, test } from "vitest";
import { UsageError, type CommandOptions, type RunnableCommand } from "../../../src/cli/command.ts";
import { chooseCommand, createCommandGroup } from "../../../src/cli/command-group.ts";
import { exitCode } from "../../../src/cli/exit-code.ts";

function runnable(name: string, parts: Partial<RunnableCommand> = {}): RunnableCommand {
  const run = async () => exitCode.ok;
  return {
    ...{
      name,
      summary: "",
      parameters: "",
      positionals: [0, 0],
      options: {},
      examples: [`mdc ${name}`],
      run,
    },
    ...parts,
  };
}

const folder: CommandOptions = { folder: { type: "string", description: "where" } };
const list = runnable("list", { options: folder });
const eat = runnable("eat", {
  parameters: "<id>",
  positionals: [1, 1],
  options: { ...folder, slowly: { type: "boolean", description: "not all at once" } },
});
const kitchen = createCommandGroup({
  name: "kitchen",
  summary: "",
  subcommands: [list, eat],
  otherwise: list,
});
const house = createCommandGroup({ name: "house", summary: "", subcommands: [kitchen, runnable("leave")] });

describe("a group of commands", () => {
  test("is described by its commands; square brackets say that one may be left out", () => {
    expect(kitchen.parameters).toBe("[list | eat <id>]");
    expect(house.parameters).toBe("kitchen [list | eat <id>] | leave");
    expect(house.examples).toEqual(["mdc list", "mdc eat", "mdc leave"]);
  });

  test("has the options of all its commands, and says of which ones, if not of all", () => {
    expect(kitchen.options["folder"]?.description).toBe("where");
    expect(kitchen.options["slowly"]?.description).toBe("eat: not all at once");
    expect(house.options["folder"]?.description).toBe("kitchen: where");
  });
});

describe("the command that words mean", () => {
  test.each([
    [["leave"], "leave", []],
    [["kitchen"], "list", []],
    [["kitchen", "list"], "list", []],
    [["kitchen", "eat", "7"], "eat", ["7"]],
  ])("%j", (words, name, positionals) => {
    expect(chooseCommand(house, words)).toMatchObject({ command: { name }, positionals });
  });

  test.each([
    [[], "expected: mdc house kitchen [list | eat <id>] | leave (mdc house --help)"],
    [["leav"], 'mdc house: expected kitchen or leave, got "leav"; did you mean mdc house leave?'],
    [["leave", "now"], "mdc house leave takes no more words (mdc house leave --help)"],
    [
      ["kitchen", "7"],
      "mdc house kitchen: expected list or eat, got a text of 1 character (mdc house kitchen --help)",
    ],
    [["kitchen", "eat"], "expected: mdc house kitchen eat <id> (mdc house kitchen eat --help)"],
    [["kitchen", "eat", "7", "8"], "expected: mdc house kitchen eat <id> (mdc house kitchen eat --help)"],
  ])("is none for %j", (words, message) => {
    expect(() => chooseCommand(house, words)).toThrow(new UsageError(message));
  });
});
