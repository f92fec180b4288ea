import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runChild } from "../support/child.ts";
import { runtimes, commandOf } from "./matrix.ts";
import type { Case } from "./run.ts";
import { expectStored } from "./stored-exchanges.ts";
import { check, install, type World } from "./world.ts";

const programs = join(import.meta.dirname, "programs");

/** Handlers of fetch's requests, logged, under the servers that they are written for. */
export function servers(): Case[] {
  const fetching = runtimes.filter(({ command }) => command[0] !== "node");
  return [
    ...fetching.map((runtime) => ({
      row: "payloads of a fetch handler",
      column: runtime.name,
      run: async (world: World) => {
        const cwd = join(world.project, `fetch-${runtime.name.toLowerCase()}`);
        await mkdir(cwd);
        await copyFile(join(programs, "fetch-handler.mjs"), join(cwd, "app.mjs"));
        await check(world, {
          command: [...(await commandOf(world, runtime)), "app.mjs"],
          cwd,
          says: "ok",
          collections: [],
        });
        await expectStored(join(cwd, "out"), [
          ["/score", 201, "complete", `{"distance":2475}`, `{"late":true}`],
          ["/stream", 200, "complete", null, "data: 1\n\ndata: 2\n\n"],
          ["/none", 204, "complete", null, null],
          ["/throws", null, "error", null, null],
        ]);
      },
    })),
    { row: "payloads of Azure Functions", column: "alone", run: functions },
  ];
}

/** With the worker's part played, the library is Azure's own. */
async function functions(world: World): Promise<void> {
  const cwd = join(world.project, "functions");
  await install(cwd, ["@azure/functions@4", "typescript@5.9", "@types/node@22"]);
  await copyFile(join(programs, "functions-types.ts"), join(cwd, "types.ts"));
  const strict = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
  const compiled = await runChild(join(cwd, "node_modules/.bin/tsc"), [...strict, "types.ts"], { cwd });
  if (compiled.code !== 0) throw new Error(compiled.stdout);
  const core = join(cwd, "node_modules/@azure/functions-core");
  await mkdir(core, { recursive: true });
  await copyFile(join(programs, "functions-core.cjs"), join(core, "index.js"));
  await copyFile(join(programs, "functions.mjs"), join(cwd, "app.mjs"));
  await check(world, { command: ["node", "app.mjs"], cwd, says: "ok", collections: [] });
  const asked = `{"distance":2475}`;
  await expectStored(join(cwd, "out"), [
    ["/api/score", 201, "complete", asked, `{"late":true,"of":"score"}`],
    ["/api/text", 200, "complete", null, "late"],
    ["/api/stream", 200, "complete", null, "late"],
    ["/api/response", 202, "complete", null, "late"],
    ["/api/none", 204, "complete", null, null],
    ["/api/throws", null, "error", null, null],
  ]);
}
