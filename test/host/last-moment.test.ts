import { globSync } from "node:fs";
import { expect, test } from "vitest";
import { expectBalance, runScript, type Scratch, scratch, storedRows } from "../support/scratch.ts";

/*
 * What is collected while a process ends: before its exit is known, in listeners of it, and when no event
 * loop turns any more.
 */

const opening = (durability: string): string => `
  import { Collector, openDeployment } from "model-data-collector";
  const deployment = await openDeployment({
    spool: { durability: ${JSON.stringify(durability)} },
    onError: (error, { reason, frames }) => console.log("told", reason, frames),
  });
  const inputs = deployment.collector("model_inputs");
  let next = 0;
  const collect = (count) => { for (let i = 0; i < count; i++) inputs.collect([{ a: next++ }]); };
  const report = () => console.log(JSON.stringify(deployment.stats()));`;

async function stored({ destination }: Scratch): Promise<number[]> {
  const rows = await storedRows(destination, "model_inputs", { a: "float64" });
  return rows.map(({ a }) => Number(a)).sort((x, y) => x - y);
}

/** The next process delivers what it finds. */
async function afterTheNextProcess(world: Scratch): Promise<number[]> {
  const { code, stderr } = await runScript(`${opening("group")} await deployment.close();`, {
    env: world.env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return await stored(world);
}

const range = (to: number): number[] => Array.from({ length: to }, (_, i) => i);

/** The ledger that a script printed last, checked. */
function lastLedger(stdout: string) {
  const stats = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  expectBalance(stats);
  return stats.frames;
}

test.each([
  ["group", "process.exit(3);", 3],
  ["group", "", 0],
  ["group", 'throw new Error("boom");', 1],
  ["frame", "process.exit(3);", 3],
  ["frame", "", 0],
] as const)(
  "durability %s, an end by %j: what listeners of `exit` collect that come after ours is in the spool",
  async (durability, end, expected) => {
    const world = await scratch();
    const body = `${opening(durability)}
      collect(10);
      process.on("exit", () => { collect(10); report(); });
      ${end}`;
    const { code, stdout } = await runScript(body, { env: world.env });
    expect(code).toBe(expected);
    const { offered, buffered, dropped } = lastLedger(stdout);
    expect({ offered, dropped }).toEqual({ offered: 20, dropped: {} });
    if (durability === "frame") expect(buffered).toBe(0);
    expect(await afterTheNextProcess(world)).toEqual(range(20));
  },
);

test("what the first collector of a process collects that is made in a listener of `exit` is in the spool", async () => {
  const world = await scratch();
  const body = `
    import { Collector } from "model-data-collector";
    process.on("exit", () => {
      const inputs = new Collector({ name: "model_inputs" });
      for (let a = 0; a < 5; a++) inputs.collect([{ a }]);
      console.log(JSON.stringify(inputs.stats()));
    });`;
  const { code, stdout, stderr } = await runScript(body, { env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(lastLedger(stdout)).toMatchObject({ offered: 5, spooled: 5 });
  expect(await afterTheNextProcess(world)).toEqual(range(5));
});

test("durability memory: what the end of the process finds undelivered is counted as dropped, and told", async () => {
  const world = await scratch();
  const body = `${opening("memory")}
    process.on("exit", () => { collect(1); report(); });
    collect(10);
    process.exit();`;
  const { stdout } = await runScript(body, { env: world.env });
  expect(stdout).toContain("told closed 10\n");
  expect(lastLedger(stdout)).toMatchObject({
    offered: 11,
    buffered: 0,
    delivered: 0,
    dropped: { closed: 11 },
  });
});

test("without a listener of ours the drop of the last moment is printed, though no event loop turns", async () => {
  const world = await scratch();
  const body = `${opening("memory").replace(/onError.*/, "")} collect(10); process.exit();`;
  const { stderr } = await runScript(body, { env: world.env });
  expect(stderr).toContain(
    "[FRAME_DROPPED] ModelDataCollectorWarning: 10 frames of model_inputs were dropped (closed)",
  );
});

test("a listener of `beforeExit` that collects each time keeps its process going for a while only", async () => {
  const world = await scratch();
  const body = `${opening("group")} process.on("beforeExit", () => collect(1)); process.on("exit", report);`;
  const { code, stdout } = await runScript(body, { env: world.env, timeoutMs: 60_000 });
  expect(code).toBe(0);
  const { offered } = lastLedger(stdout);
  expect(offered).toBeGreaterThan(1);
  expect(await afterTheNextProcess(world)).toEqual(range(offered));
});

test("a process ends although a flush of it hangs, and nothing is lost", async () => {
  const world = await scratch();
  const hung = `data:text/javascript,${encodeURIComponent(`
    import threads from "node:worker_threads";
    import { syncBuiltinESMExports } from "node:module";
    const { Worker } = threads;
    threads.Worker = class extends Worker {
      constructor() { super("for (;;);", { eval: true }); }
    };
    syncBuiltinESMExports();
  `)}`;
  const body = `${opening("group")}
    collect(5);
    deployment.flush({ deadlineMs: 500 }).catch((error) => console.log(error.message));
    process.on("exit", report);`;
  const { code, signal, stdout } = await runScript(body, { env: world.env, args: ["--import", hung] });
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  const [, left, ms] = /flush: (\d+) frames? not yet in the destination after (\d+) ms/.exec(stdout) ?? [];
  expect(left).toBe("5");
  // What it took: the time that a silent thread has beyond the deadline included.
  expect(Number(ms)).toBeGreaterThan(500);
  // A thread that has not said who it is within seconds is given up: what it left is delivered without it.
  expect(lastLedger(stdout)).toMatchObject({ offered: 5, spooled: 0, delivered: 5 });
  expect(await afterTheNextProcess(world)).toEqual(range(5));
});

test("process.exit in the middle of telling a drop counts no frame twice and loses none", async () => {
  const world = await scratch();
  // Small enough when it is taken, and too large in the batch: it is told in the drain, with others behind
  // it.
  const body = `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ limits: { maxFrameBytes: 4_096 }, onError: () => process.exit(5) });
    const inputs = deployment.collector("model_inputs");
    process.on("exit", () => console.log(JSON.stringify(deployment.stats())));
    inputs.collect([{ a: 0 }]);
    inputs.collect({ a: ["\\u20ac".repeat(1_800)] });
    for (let a = 1; a < 5; a++) inputs.collect([{ a }]);`;
  const { code, stdout } = await runScript(body, { env: world.env });
  expect(code).toBe(5);
  const { offered, dropped } = lastLedger(stdout);
  expect({ offered, dropped }).toEqual({ offered: 6, dropped: { too_large: 1 } });
  expect(await afterTheNextProcess(world)).toEqual(range(5));
});

test.each([
  ["ends by itself", ""],
  ["calls process.exit", "process.exit();"],
])("in a worker thread of the host's that %s, what its last listeners collect is kept", async (_, end) => {
  const world = await scratch();
  const worker = `${opening("group")}
    collect(10);
    process.on("exit", () => collect(10));
    ${end}`;
  const body = `
    import { Worker } from "node:worker_threads";
    new Worker(new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(worker)}.replace(
      '"model-data-collector"', JSON.stringify(import.meta.resolve("model-data-collector"))))));`;
  const { code, stderr } = await runScript(body, { env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await afterTheNextProcess(world)).toEqual(range(20));
});

test("a script that ends well leaves nothing in its spool", async () => {
  const world = await scratch();
  await runScript(`${opening("frame")} collect(10);`, { env: world.env });
  expect(globSync("**/*.{seg,open,body}", { cwd: world.spool })).toEqual([]);
  expect(await stored(world)).toEqual(range(10));
});
