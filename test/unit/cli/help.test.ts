import { describe, expect, test } from "vitest";
import type { Command } from "../../../src/cli/command.ts";
import { followWords } from "../../../src/cli/command-group.ts";
import { optionValues, takeApart } from "../../../src/cli/command-line.ts";
import { commands } from "../../../src/cli/commands.ts";
import { commonOptions } from "../../../src/cli/common-options.ts";
import { run } from "./run.ts";

interface Place {
  readonly path: string;
  readonly command: Command;
}

/** Every command, those of groups included. */
function everyCommand(all: readonly Command[], above = "mdc"): Place[] {
  return all.flatMap((command) => {
    const path = `${above} ${command.name}`;
    return [{ path, command }, ...("subcommands" in command ? everyCommand(command.subcommands, path) : [])];
  });
}

/** The words behind `mdc` of a line for a shell. */
function wordsOf(line: string): string[] {
  const [, rest = ""] =
    /\bmdc ?([^|>)]*)/.exec(line.replaceAll(/'[^']*'|"[^"]*"/g, (text) => text.replaceAll(/[|>)]/g, "_"))) ??
    [];
  return (rest.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll(/^['"]|['"]$/g, ""));
}

describe.each(everyCommand(commands))("$path", ({ path, command }) => {
  test("has a help with what it does, its options and examples", async () => {
    const { code, out, err } = await run(...path.split(" ").slice(1), "--help");
    expect([code, err]).toEqual([0, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toBe(`${path}: ${command.summary}`);
    for (const [name, { description }] of Object.entries({ ...command.options, ...commonOptions })) {
      const line = lines.find((one) => new RegExp(`^ +(-\\w, )?--${name} `).test(one));
      expect(line, name).toContain(description);
    }
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(lines).toContain(`  ${example}`);
  });

  test("has examples that its own options and words allow", () => {
    for (const example of command.examples) {
      const args = wordsOf(example);
      const { words } = takeApart(args, { ...command.options, ...commonOptions });
      const [name = "", ...rest] = words;
      const called = commands.find((one) => one.name === name);
      if (called === undefined) throw new Error(`no command: ${example}`);
      const found = followWords(called, rest);
      // A group shows the examples of its own commands.
      expect(`${found.path} `.startsWith(`${path} `), example).toBe(true);
      expect(() =>
        optionValues(args, { ...found.command.options, ...commonOptions }, found.path),
      ).not.toThrow();
      if ("positionals" in found.command) {
        const [min, max] = found.command.positionals;
        expect(found.rest.length, example).toBeGreaterThanOrEqual(min);
        expect(found.rest.length, example).toBeLessThanOrEqual(max);
      }
    }
  });
});

test("every command that reads what is stored can be narrowed, and tells what it took", () => {
  const others = ["doctor", "sidecar", "spool", "label import", "completion"];
  const reading = everyCommand(commands).filter(
    ({ path, command }) =>
      !("subcommands" in command) && !others.some((one) => `${path} `.startsWith(`mdc ${one} `)),
  );
  expect(reading.length).toBeGreaterThan(10);
  // These change what is stored, and say of that what they did.
  const changing = ["compact", "purge", "erase", "delta"];
  for (const { path, command } of reading) {
    const isReading = !changing.some((one) => `${path} `.startsWith(`mdc ${one} `));
    for (const option of ["endpoint", "deployment", ...(isReading ? ["stats"] : [])])
      expect(Object.keys(command.options), path).toContain(option);
  }
});
