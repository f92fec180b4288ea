import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { printed } from "../support/printed.ts";
import { type FakeTimers, tested, tests } from "./program.ts";
import type { Case } from "./run.ts";
import { check, install, shell, type World } from "./world.ts";

/** A test runner, and a test file for it; how it is started and configured says docs/runtimes.md. */
interface Runner {
  /** The document's section, and what follows the line that is printed there. */
  readonly name: string;
  readonly options?: string;
  readonly packages: readonly string[];
  /** Names of the two test files, without and with the end that says so. */
  readonly files: (name: string) => string;
  readonly head: string;
  readonly way: "import" | "require";
  readonly timers: FakeTimers;
  /** The file that holds the section's JSON. */
  readonly config?: string;
}

const jestTimers: FakeTimers = { start: "jest.useFakeTimers();", stop: "jest.useRealTimers();" };
const importJest = `import { jest } from "@jest/globals";`;
const typescript = ["typescript@5.9", "@types/node@22", "@types/jest@30"];

const all: readonly Runner[] = [
  {
    name: "node:test",
    packages: ["node@22.15.0"],
    files: (name) => `${name}.test.mjs`,
    head: `import { mock, test as run } from "node:test";\nconst test = (name, body) => run(name, body);`,
    way: "import",
    timers: { start: "mock.timers.enable();", stop: "mock.timers.reset();" },
  },
  {
    name: "Jest",
    packages: ["jest@30"],
    files: (name) => `${name}.test.js`,
    head: "",
    way: "require",
    timers: jestTimers,
  },
  {
    name: "Jest, ES modules",
    packages: ["jest@30"],
    files: (name) => `${name}.test.mjs`,
    head: importJest,
    way: "import",
    timers: jestTimers,
    config: "jest.config.json",
  },
  {
    name: "ts-jest",
    packages: ["jest@29", "ts-jest@29", ...typescript],
    files: (name) => `${name}.test.ts`,
    head: `// @ts-nocheck\n${importJest}`,
    way: "import",
    timers: jestTimers,
    config: "jest.config.json",
  },
  ...["forks", "threads", "vmForks", "vmThreads"].map((pool) => ({
    name: "Vitest",
    options: ` --pool=${pool}`,
    packages: ["vitest@4"],
    files: (name: string) => `${name}.test.mjs`,
    head: `import { test, vi } from "vitest";`,
    way: "import" as const,
    timers: { start: "vi.useFakeTimers();", stop: "vi.useRealTimers();" },
  })),
];

/** The program as tests, also under fake timers, which are set after the package is loaded, and before. */
export function runners(): Case[] {
  return all.map((runner) => ({
    row: runner.name + (runner.options ?? ""),
    column: "alone",
    run: (world) => runTests(world, runner),
  }));
}

async function runTests(world: World, runner: Runner): Promise<void> {
  const { name, options = "", packages, files, head, way, timers, config } = runner;
  const cwd = join(world.project, `${name}${options}`.toLowerCase().replaceAll(/\W+/g, "-"));
  await install(cwd, packages);
  const { after, before } = tests(head, way, timers);
  await writeFile(join(cwd, files("after")), after);
  await writeFile(join(cwd, files("before")), before);
  if (config !== undefined) await writeFile(join(cwd, config), await printed("runtimes.md", name, "json"));
  const line = await printed("runtimes.md", name, "sh");
  await check(world, { command: shell(line + options), cwd, collections: tested });
}
