import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { root } from "../../support/packed-project.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test.each(["SIGINT", "SIGTERM"] as const)("%s ends mdc sql, and nothing is left behind", async (signal) => {
  const folder = await tempFolder();
  const temp = join(folder, "temp");
  mkdirSync(temp);
  const endless = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b";
  const args = [join(root, "dist/cli/main.js"), "sql", endless, "--root", folder];
  const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: temp }, stdio: "ignore" });
  const ended = once(child, "exit");
  await vi.waitUntil(() => readdirSync(temp).length > 0, { timeout: 60_000 });
  child.kill(signal);
  expect(await ended).toEqual([null, signal]);
  expect(readdirSync(temp)).toEqual([]);
});
