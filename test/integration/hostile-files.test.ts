import { mkdirSync, openSync, closeSync, ftruncateSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { harmlessFile, hostileFiles } from "../support/hostile-parquet.ts";
import { root } from "../support/packed-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

/**
 * What files ask for and what reading them takes: of each, in a process of its own, the end, the words and
 * the memory.
 */

const path = "flights/blue/x/inference_date=2026-11-22/inference_hour=05/hostile.parquet";
/** Node alone takes 70 MB; what the files ask for is from half a gigabyte up to all there is. */
const mostMegabytes = 400;
const everything = ["head", "x", "-n", "2147483647"];
/** Lies that only a look at a few rows comes upon. */
const byFirstRow = new Set(["a page index of lists within lists"]);

async function place(bytes: Uint8Array): Promise<string> {
  const folder = await tempFolder();
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
  return folder;
}

async function mdc(...args: string[]): Promise<{ code: number | null; err: string; megabytes: number }> {
  const tell = "process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))";
  const preload = `data:text/javascript,${encodeURIComponent(tell)}`;
  const { code, stderr } = await runNode(["--import", preload, join(root, "dist/cli/main.js"), ...args], {
    timeoutMs: 60_000,
  });
  const peak = /^peak (\d+)$/m.exec(stderr)?.[1];
  return { code, err: stderr, megabytes: peak === undefined ? Number.NaN : Number(peak) / 1024 };
}

test("a whole file made by the same hand is read", async () => {
  expect(await mdc(...everything, "--root", await place(harmlessFile()))).toMatchObject({ code: 0 });
});

describe("is refused by name, in little memory:", () => {
  test.each(Object.entries(hostileFiles))("%s", async (name, make) => {
    const command = byFirstRow.has(name) ? ["head", "x", "-n", "1"] : everything;
    const { code, err, megabytes } = await mdc(...command, "--root", await place(make()));
    expect({ code, named: err.split("hostile.parquet").length - 1 }, err).toEqual({ code: 3, named: 1 });
    expect(megabytes).toBeLessThan(mostMegabytes);
  });

  test("a file of ten gigabytes of nothing, and one that says its footer or a column is all of it", async () => {
    const size = 10_000_000_000;
    const endings = [new Uint8Array(8), footerEnd(2 ** 32 - 1), footerEnd(1_000_000_000)];
    for (const ending of endings) {
      const folder = await place(new Uint8Array(0));
      const file = openSync(join(folder, path), "w");
      ftruncateSync(file, size);
      writeSync(file, ending, 0, ending.length, size - ending.length);
      closeSync(file);
      const { code, err, megabytes } = await mdc("head", "x", "--root", folder);
      expect({ code, named: err.includes("hostile.parquet") }, err).toEqual({ code: 3, named: true });
      expect(megabytes).toBeLessThan(mostMegabytes);
    }
  });
});

function footerEnd(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(new TextEncoder().encode("PAR1"), 4);
  return bytes;
}
