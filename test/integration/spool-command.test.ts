import { once } from "node:events";
import { type ChildProcess, spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ChildResult, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { expectBalance, runScript, type Scratch, scratch, storedRows } from "../support/scratch.ts";

/** Collects `from` to `to`, waits until that is in the spool, and goes on. */
function holder(from: number, to: number, durability: string): string {
  return `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({
      spool: { durability: "${durability}" }, rotation: { maxAgeMs: 86_400_000 },
    });
    // What was collected before the background thread was there may be sealed when it is.
    deployment.collector("first").collect([{ a: 0 }]);
    await deployment.flush();
    const inputs = deployment.collector("model_inputs");
    for (let i = ${from}; i < ${to}; i++) inputs.collect([{ a: i }]);
    await deployment.flush({ to: "spool" });
    console.log("ready");
    setTimeout(() => {}, 60_000);`;
}

async function started({ env }: Scratch, code: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await killed(child);
  });
  const said = once(child.stdout as NodeJS.ReadableStream, "data");
  const ended = once(child, "close").then(([code]) => {
    throw new Error(`expected the process to get ready, it ended with code ${code}`);
  });
  // It also ends later, when nobody waits any more.
  ended.catch(() => {});
  await Promise.race([said, ended]);
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

function mdc({ env }: Scratch, ...args: string[]): Promise<ChildResult> {
  return runNode([join(root, "dist/cli/main.js"), ...args], { cwd: root, env });
}

async function waiting(world: Scratch): Promise<{ ownerAlive: boolean; counts: { frames: number } }[]> {
  const { code, stdout } = await mdc(world, "spool", "ls", "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test("what killed processes left is listed, drained while another process lives, and is in files once", async () => {
  const world = await scratch();
  // All at once: one that starts later would find the dead ones itself.
  const doomed = [
    await started(world, holder(0, 100, "group")),
    await started(world, holder(100, 150, "frame")),
  ];
  const living = await started(world, holder(150, 160, "group"));
  for (const child of doomed) await killed(child);

  const before = await waiting(world);
  const frames = (alive: boolean): number =>
    before
      .filter(({ ownerAlive }) => ownerAlive === alive)
      .reduce((sum, { counts }) => sum + counts.frames, 0);
  expect([frames(false), frames(true)]).toEqual([150, 10]);

  const drain = await mdc(world, "spool", "drain", "--json");
  expect(drain).toMatchObject({
    code: 0,
    stderr: "2 segments of living processes, which deliver them themselves\n",
  });
  expect(JSON.parse(drain.stdout)).toMatchObject({
    delivered: { frames: 150, rows: 150 },
    lost: [],
    left: 0,
  });

  await killed(living);
  expect((await mdc(world, "spool", "drain")).stdout).toContain("delivered 10 frames, 10 rows");
  expect(await waiting(world)).toEqual([]);
  expect(globSync("**/*.{open,seg,body,tmp}", { cwd: world.spool })).toEqual([]);
  const rows = await storedRows(world.destination, "model_inputs", { a: "float64" });
  expect(rows.map(({ a }) => Number(a)).sort((x, y) => x - y)).toEqual(
    Array.from({ length: 160 }, (_, i) => i),
  );
});

test("a drain that is killed leaves everything to the next one", async () => {
  const world = await scratch();
  await killed(await started(world, holder(0, 100, "group")));
  for (const delayMs of [0, 60, 120, 180]) {
    const drain = spawn(process.execPath, [join(root, "dist/cli/main.js"), "spool", "drain"], {
      cwd: root,
      env: { ...process.env, ...world.env },
      stdio: "ignore",
    });
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (drain.exitCode === null) await killed(drain);
  }
  expect(await mdc(world, "spool", "drain")).toMatchObject({ code: 0 });
  expect(await waiting(world)).toEqual([]);
  const rows = await storedRows(world.destination, "model_inputs", { a: "float64" });
  expect(rows.map(({ a }) => Number(a)).sort((x, y) => x - y)).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test.each(["group", "frame"])(
  "status tells what waits in the spool, and that it is empty again (durability %s)",
  async (durability) => {
    const world = await scratch();
    const { code, stdout, stderr } = await runScript(
      `
      import { openDeployment } from "model-data-collector";
      const deployment = await openDeployment({
        spool: { durability: "${durability}" }, rotation: { maxAgeMs: 86_400_000 },
      });
      deployment.collector("model_inputs").collect([{ a: 1 }]);
      await deployment.flush({ to: "spool" });
      const seen = [];
      for (let n = 0; n < 200 && deployment.status().spool.segments === 0; n++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(deployment.status());
      await deployment.flush();
      for (let n = 0; n < 200 && deployment.status().spool.segments > 0; n++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(deployment.status());
      console.log(JSON.stringify({ seen, stats: deployment.stats() }));
      await deployment.close();`,
      { env: world.env },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { seen, stats } = JSON.parse(stdout);
    expect(seen).toEqual([
      expect.objectContaining({
        status: "ok",
        reasons: [],
        spool: { bytes: expect.any(Number), segments: 1, oldestAgeMs: expect.any(Number), quarantined: 0 },
      }),
      expect.objectContaining({
        status: "ok",
        spool: { bytes: 0, segments: 0, oldestAgeMs: null, quarantined: 0 },
      }),
    ]);
    expect(seen[0].spool.bytes).toBeGreaterThan(100);
    expectBalance(stats);
  },
);
