import { mkdir, readFile, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { Case } from "./run.ts";
import { commandOf, runtimes } from "./matrix.ts";
import { check } from "./world.ts";

const sources = join(import.meta.dirname, "../support/exchanges");
const modules = ["run-case", "complete-cases", "broken-cases"] as const;

/** Runs all cases of `test/support/exchanges`, and says `ok` if each stored what it had to. */
const outcomes = `
import { isDeepStrictEqual } from "node:util";
import { nodePayloadLogging } from "model-data-collector/http";
import { createTestDeployment } from "model-data-collector/testing";
import { aborted, failed, timedOut, unread } from "./broken-cases.mjs";
import { complete, refused } from "./complete-cases.mjs";
import { run } from "./run-case.mjs";
const doors = { createTestDeployment, nodePayloadLogging };
let wrong = 0;
for (const one of [...complete, ...refused, ...aborted, ...timedOut, ...failed]) {
  const expected = { requests: one.requests ?? one.responses.map(() => ({})), responses: one.responses };
  const stored = await run(doors, one);
  if (isDeepStrictEqual(stored, expected)) continue;
  wrong += 1;
  console.log(one.name, JSON.stringify({ stored, expected }));
}
const { took, told, of } = await unread(doors);
if (told < took || told >= of) console.log("of", of, "took", took, "told", told);
else if (wrong === 0) console.log("ok");
`;

/** Outcomes of exchanges over real connections, on each version of Node. */
export function exchanges(): Case[] {
  const nodes = runtimes.filter(({ command }) => command[0] === "node");
  return nodes.map((runtime) => ({
    row: "outcomes of exchanges",
    column: runtime.name,
    run: async (world) => {
      const cwd = join(world.project, `outcomes-${runtime.name.replaceAll(/[^\w.]+/g, "-")}`);
      const command = [...(await commandOf(world, runtime)), await written(cwd)];
      await check(world, { command, cwd, says: "ok", collections: [] });
    },
  }));
}

async function written(cwd: string): Promise<string> {
  await mkdir(cwd, { recursive: true });
  for (const name of modules) {
    const text = stripTypeScriptTypes(await readFile(join(sources, `${name}.ts`), "utf8"));
    await writeFile(join(cwd, `${name}.mjs`), text.replaceAll('run-case.ts"', 'run-case.mjs"'));
  }
  const main = join(cwd, "outcomes.mjs");
  await writeFile(main, outcomes);
  return main;
}
