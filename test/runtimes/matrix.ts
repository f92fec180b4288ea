import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bundle, bundles, packageOf } from "../support/bundles.ts";
import { expected, expectedInline, program } from "./program.ts";
import type { Case } from "./run.ts";
import { check, install, type World } from "./world.ts";

/** A runtime from the registry, and how it runs a file. */
export interface Runtime {
  readonly name: string;
  readonly packages: readonly string[];
  readonly command: readonly string[];
}

/** Those that everything here is run on. */
export const runtimes: readonly Runtime[] = [
  ...["22.15.0", "22", "24", "26"].map((version) => ({
    name: `Node ${version}`,
    packages: [`node@${version}`],
    command: ["node"],
  })),
  { name: "Bun", packages: ["bun"], command: ["bun"] },
  { name: "Deno", packages: ["deno"], command: ["deno", "run", "--allow-all"] },
];

/** A program's file, as whatever way made it, and what it says. */
interface Made {
  readonly main: string;
  readonly says: string;
}

/** Everything that is made or installed once, by name. */
const made = new Map<string, Promise<Made>>();

function once(name: string, make: () => Promise<Made>): Promise<Made> {
  const there = made.get(name) ?? make();
  made.set(name, there);
  return there;
}

/** Every way to load the package, on every runtime. */
export function matrix(): Case[] {
  const ways: readonly (readonly [string, (world: World) => Promise<Made>])[] = [
    ["import", (world) => written(world, "app.mjs", "import")],
    ["require", (world) => written(world, "app.cjs", "require")],
    ...Object.entries(bundles).map(
      ([name, bundle]) => [name, (world: World) => bundled(world, name, bundle)] as const,
    ),
  ];
  return ways.flatMap(([row, make]) =>
    runtimes.map((runtime) => ({
      row,
      column: runtime.name,
      run: async (world: World) => {
        const { main, says } = await once(row, () => make(world));
        const cwd = join(world.folder, "cells", slug(row), slug(runtime.name));
        const command = [...(await commandOf(world, runtime)), main];
        await check(world, { command, cwd, says });
        await rm(cwd, { recursive: true });
      },
    })),
  );
}

/** What runs a file on a runtime, which is installed by that. */
export async function commandOf(world: World, runtime: Runtime): Promise<readonly string[]> {
  const [word = "", ...args] = runtime.command;
  return [join(await installed(world, runtime), "node_modules/.bin", word), ...args];
}

const slug = (text: string): string => text.replaceAll(/[^\w.]+/g, "-").toLowerCase();

async function installed(world: World, { name, packages }: Runtime): Promise<string> {
  const folder = join(world.folder, "runtimes", slug(name));
  const { main } = await once(name, async () => {
    await install(folder, packages);
    return { main: folder, says: "" };
  });
  return main;
}

async function written({ project }: World, file: string, way: "import" | "require"): Promise<Made> {
  const main = join(project, file);
  await writeFile(main, program(way));
  return { main, says: expected };
}

/** Bundles in a project of its own below the one that has the package, and puts it where there is none. */
async function bundled(world: World, name: string, { packages, main, thread, build }: Bundle): Promise<Made> {
  const folder = join(world.project, slug(name));
  if (packages === undefined) {
    await mkdir(folder);
    // Vite gives its files other endings else.
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  } else await install(folder, packages);
  await writeFile(join(folder, "server.js"), program("import"));
  await build(folder);
  const alone = join(world.folder, "bundles", slug(name));
  await cp(join(folder, "dist"), alone, { recursive: true });
  await writeFile(join(alone, "package.json"), await packageOf(alone, main));
  if ((await readFile(join(alone, main), "utf8")).includes(`from "model-data-collector`))
    throw new Error("the package is not in the bundle");
  return { main: join(alone, main), says: thread ? expected : expectedInline };
}
