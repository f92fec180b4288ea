import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { root } from "../support/packed-project.ts";
import { runScript, scratch, storedRows } from "../support/scratch.ts";

/** Lets a script reach the threads that the package starts. */
const preload = `data:text/javascript,${encodeURIComponent(`
  import threads from "node:worker_threads";
  import { syncBuiltinESMExports } from "node:module";
  const { Worker } = threads;
  globalThis.workers = [];
  threads.Worker = class extends Worker { constructor(...args) {
    super(...args);
    globalThis.workers.push(this);
    this.on("message", (message) => globalThis.heardOfThread?.(this, message));
  } };
  syncBuiltinESMExports();
`)}`;

const args = ["--import", preload];

const opening = (durability: string): string => `
  import { openDeployment } from "model-data-collector";
  const heard = [];
  const deployment = await openDeployment({
    spool: { durability: ${JSON.stringify(durability)} }, onError: (error) => heard.push(error.code),
  });
  const inputs = deployment.collector("model_inputs");
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let next = 0;
  const collect = (count) => { for (let i = 0; i < count; i++) inputs.collect([{ a: next++ }]); };`;

interface Outcome {
  readonly frames: { offered: number; delivered: number; spooled: number; buffered: number; dropped: object };
  readonly heard: string[];
  readonly workers?: number;
}

const report = `console.log(JSON.stringify({ frames: deployment.stats().frames, heard, workers: globalThis.workers?.length }));`;

async function values(destination: string): Promise<number[]> {
  const rows = await storedRows(destination, "model_inputs", { a: "float64" });
  return rows.map(({ a }) => Number(a)).sort((x, y) => x - y);
}

const range = (to: number): number[] => Array.from({ length: to }, (_, i) => i);

test.each(["group", "frame"])(
  "durability %s: a background thread that is killed again and again is started again; nothing is lost or doubled",
  async (durability) => {
    const { env, destination } = await scratch();
    const body = `${opening(durability)}
      for (const ms of [0, 3, 8, 15, 30, 60, 110, 200]) {
        collect(10);
        // Also a barrier that only a living thread can pass, or it would be given up.
        await deployment.flush({ to: ${JSON.stringify(durability === "frame" ? "store" : "spool")} });
        collect(10);
        await sleep(ms);
        if (ms > 10) void deployment.flush().catch(() => {});
        await sleep(ms / 4);
        const worker = globalThis.workers.at(-1);
        await worker.terminate();
      }
      collect(20);
      await deployment.flush({ deadlineMs: 60_000 });
      ${report}`;
    const { code, stdout, stderr } = await runScript(body, { env, args, timeoutMs: 100_000 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { frames, heard, workers } = JSON.parse(stdout) as Outcome;
    expect(await values(destination)).toEqual(range(180));
    expect(workers).toBeGreaterThan(3);
    expect(heard).toContain("BACKGROUND_FAILED");
    expect(frames).toMatchObject({ offered: 180, buffered: 0, dropped: {} });
    // What a thread delivered is heard even when it is dead.
    expect(frames.delivered).toBe(180);
  },
);

test("durability memory: what a killed thread held is handed to the next one", async () => {
  const { env, destination } = await scratch();
  const body = `${opening("memory")}
    collect(50);
    await sleep(400);
    await globalThis.workers.at(-1).terminate();
    collect(50);
    await deployment.flush({ deadlineMs: 30_000 });
    ${report}`;
  const { code, stdout, stderr } = await runScript(body, { env, args });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect((JSON.parse(stdout) as Outcome).frames).toMatchObject({ offered: 100, delivered: 100 });
  expect(await values(destination)).toEqual(range(100));
});

test("durability memory: a frame that three threads died of is given up as poison, and the others are delivered", async () => {
  const { env, destination } = await scratch();
  const body = `${opening("memory")}
    const dead = new Set();
    globalThis.heardOfThread = (worker, { event }) => {
      // The encoding of so large a frame takes longer than it takes to end the thread. The ledger's first words
      // are before it.
      if (event?.kind !== "encoding" || !event.sequences.includes(2)) return;
      // It may say so again before it is gone.
      dead.add(worker);
      void worker.terminate();
    };
    const column = Array.from({ length: 150_000 }, (_, i) => "text " + i);
    deployment.collector("large").collect(Object.fromEntries(Array.from({ length: 12 }, (_, k) => ["c" + k, column])));
    const flushed = deployment.flush({ deadlineMs: 30_000 });
    collect(20);
    await flushed;
    await deployment.flush({ deadlineMs: 30_000 });
    console.log(JSON.stringify({ deaths: dead.size }));
    ${report}`;
  const { code, stdout, stderr } = await runScript(body, { env, args });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [deaths, outcome] = stdout.split("\n") as [string, string];
  expect(JSON.parse(deaths)).toEqual({ deaths: 3 });
  const { frames } = JSON.parse(outcome) as Outcome;
  expect(frames).toMatchObject({ offered: 21, delivered: 20, buffered: 0, dropped: { poison: 1 } });
  expect(await values(destination)).toEqual(range(20));
});

test("memory that a killed thread may still read is never lent for other frames", async () => {
  const { env, destination } = await scratch();
  const watch = `data:text/javascript,${encodeURIComponent(`
    import threads from "node:worker_threads";
    import { syncBuiltinESMExports } from "node:module";
    const { Worker } = threads;
    globalThis.workers = [];
    globalThis.atDeath = new Map();
    globalThis.lentAgain = 0;
    threads.Worker = class extends Worker {
      held = new Map();
      constructor(...args) {
        super(...args);
        globalThis.workers.push(this);
        this.on("message", ({ event }) => {
          if (event?.kind === "spooled") this.held.delete(event.sequence);
          for (const sequence of event?.sequences ?? []) this.held.delete(sequence);
        });
        this.on("exit", () => {
          for (const [sequence, buffer] of this.held) globalThis.atDeath.set(buffer, sequence);
        });
      }
      postMessage(message, ...rest) {
        if (message.type === "append") {
          const { sequence, bytes } = message.batch;
          this.held.set(sequence, bytes.buffer);
          if ((globalThis.atDeath.get(bytes.buffer) ?? sequence) !== sequence) globalThis.lentAgain++;
        }
        super.postMessage(message, ...rest);
      }
    };
    syncBuiltinESMExports();
  `)}`;
  const body = `${opening("memory")}
    for (let round = 0; round < 5; round++) {
      collect(20);
      await sleep(150);
      const dead = globalThis.workers.at(-1);
      collect(20);
      await sleep(30);
      await dead.terminate();
      for (let i = 0; i < 5; i++) { collect(20); await deployment.flush({ deadlineMs: 30_000 }); }
    }
    console.log(JSON.stringify({ atDeath: globalThis.atDeath.size, lentAgain: globalThis.lentAgain }));`;
  const { code, stdout, stderr } = await runScript(body, { env, args: ["--import", watch] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { atDeath, lentAgain } = JSON.parse(stdout);
  expect(atDeath).toBeGreaterThan(0);
  expect(lentAgain).toBe(0);
  expect(await values(destination)).toEqual(range(700));
});

test("a script that ends while its thread is dead loses nothing", async () => {
  const { env, destination } = await scratch();
  const body = `${opening("group")}
    collect(10);
    await sleep(300);
    await globalThis.workers.at(-1).terminate();
    collect(10);`;
  const { code, stderr } = await runScript(body, { env, args });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await values(destination)).toEqual(range(20));
});

test("a flush and a close end by their deadlines although the thread hangs; what it had not taken is in the spool", async () => {
  const world = await scratch();
  // A thread that answers nothing: the file is replaced by one that only spins.
  const body = `${opening("group")}
    collect(10);
    const started = Date.now();
    const error = await deployment.flush({ deadlineMs: 100 }).catch((thrown) => thrown);
    const closed = await deployment.close({ deadlineMs: 100 });
    console.log(JSON.stringify({ code: error.code, closed, tookMs: Date.now() - started }));`;
  const folder = copyOfThePackage(world.folder);
  writeFileSync(join(folder, "dist/model-data-collector-worker.js"), "for (;;);");
  const { code, stdout } = await runScript(body, { env: world.env, cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    code: "TIMEOUT",
    closed: { delivered: 0, leftInSpool: 10, dropped: 0 },
  });
  await runScript(`${opening("group")} collect(0); next = 10; collect(1);`, { env: world.env });
  expect(await values(world.destination)).toEqual(range(11));
});

test("before its thread is ready, a process that is killed has its frames in the spool all the same", async () => {
  const world = await scratch();
  const copy = copyOfThePackage(world.folder);
  writeFileSync(join(copy, "dist/model-data-collector-worker.js"), "for (;;);");
  const body = `
    import { Collector } from "model-data-collector";
    const inputs = new Collector({ name: "model_inputs" });
    for (let a = 0; a < 10; a++) inputs.collect([{ a }]);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`;
  const { signal } = await runScript(body, { env: world.env, cwd: copy });
  expect(signal).toBe("SIGKILL");
  await runScript(`${opening("group")} await deployment.close();`, { env: world.env });
  expect(await values(world.destination)).toEqual(range(10));
});

test("while its thread is dead, a process that is killed has its frames in the spool all the same", async () => {
  const world = await scratch();
  const body = `${opening("group")}
    collect(10);
    await deployment.flush({ to: "spool" });
    await globalThis.workers.at(-1).terminate();
    collect(10);
    setTimeout(() => {
      console.log(JSON.stringify({ workers: globalThis.workers.length, frames: deployment.stats().frames }));
      process.kill(process.pid, "SIGKILL");
    }, 200);`;
  const { signal, stdout } = await runScript(body, { env: world.env, args });
  expect(signal).toBe("SIGKILL");
  expect(JSON.parse(stdout)).toMatchObject({ workers: 1, frames: { offered: 20, spooled: 20, buffered: 0 } });
  await runScript(`${opening("group")} await deployment.close();`, { env: world.env });
  expect(await values(world.destination)).toEqual(range(20));
});

test.each(["group", "frame", "memory"])(
  "durability %s: without its file the thread's work is done on the main thread",
  async (durability) => {
    const { env, folder, destination } = await scratch();
    const copy = copyOfThePackage(folder);
    rmSync(join(copy, "dist/model-data-collector-worker.js"));
    const body = `${opening(durability)}
      collect(30);
      await deployment.flush();
      collect(30);
      await deployment.close();
      ${report}`;
    const { code, stdout, stderr } = await runScript(body, { env, cwd: copy });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { frames, heard } = JSON.parse(stdout) as Outcome;
    expect(frames).toMatchObject({ offered: 60, delivered: 60 });
    expect(new Set(heard)).toEqual(new Set(["BACKGROUND_FAILED"]));
    expect(await values(destination)).toEqual(range(60));
  },
);

/** What may stand where a bundle looks for the thread's file; each writes down all that it is told. */
const strangers: readonly (readonly [who: string, file: string, fault: string])[] = [
  ["another program, which talks", `say("job 1"); setInterval(() => {}, 1_000);`, "another program's"],
  ["another program, which says nothing", "setInterval(() => {}, 1_000);", "has not answered"],
  ["a program that never ends", "for (;;);", "has not answered"],
  [
    "an earlier version of ours",
    `say({ type: "hello", from: "model-data-collector", version: "0.0.9" }); setInterval(() => {}, 1_000);`,
    "of version 0.0.9",
  ],
];

test.each(strangers)(
  "in place of its thread's file stands %s: it is told nothing, and the work is done on the main thread",
  async (_, file, fault) => {
    const { env, folder, destination } = await scratch();
    const copy = copyOfThePackage(folder);
    writeFileSync(
      join(copy, "dist/model-data-collector-worker.js"),
      `import { appendFileSync } from "node:fs";
       import { parentPort } from "node:worker_threads";
       const say = (word) => parentPort.postMessage(word);
       appendFileSync(${JSON.stringify(join(folder, "started"))}, "x");
       parentPort.on("message", (m) => appendFileSync(${JSON.stringify(join(folder, "told"))}, m.type));
       ${file}`,
    );
    const body = `
      import { openDeployment } from "model-data-collector";
      const heard = [];
      const deployment = await openDeployment({ onError: (error) => heard.push(error.message) });
      const inputs = deployment.collector("model_inputs");
      for (let a = 0; a < 30; a++) inputs.collect([{ a }]);
      await deployment.flush({ deadlineMs: 30_000 });
      const { status, reasons } = deployment.status();
      for (let a = 30; a < 60; a++) inputs.collect([{ a }]);
      await deployment.close();
      console.log(JSON.stringify({ frames: deployment.stats().frames, heard, status, reasons }));`;
    const { code, stdout, stderr } = await runScript(body, { env, cwd: copy });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { frames, heard, status, reasons } = JSON.parse(stdout);
    expect(frames).toMatchObject({ offered: 60, delivered: 60 });
    expect(heard).toEqual([expect.stringContaining(fault)]);
    expect({ status, reasons }).toEqual({ status: "degraded", reasons: [expect.stringContaining(fault)] });
    expect(await values(destination)).toEqual(range(60));
    expect(readFileSync(join(folder, "started"), "utf8")).toBe("x");
    expect(existsSync(join(folder, "told"))).toBe(false);
  },
);

test.each([
  "collect(30);",
  "collect(30); await sleep(300); collect(30);",
  "collect(30); process.exitCode = 0; setTimeout(() => process.exit(), 300);",
])("without its file, a script that only collects loses nothing when it ends: %s", async (script) => {
  const world = await scratch();
  const copy = copyOfThePackage(world.folder);
  rmSync(join(copy, "dist/model-data-collector-worker.js"));
  const { code, stderr } = await runScript(`${opening("group")} ${script}`, { env: world.env, cwd: copy });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  await runScript(`${opening("group")} next = 1000; collect(1);`, { env: world.env });
  expect(await values(world.destination)).toEqual([
    ...range(script.includes("sleep(300); collect") ? 60 : 30),
    1000,
  ]);
});

test("preloads, flags and the environment of the host do not reach the thread", async () => {
  const { env, destination, folder } = await scratch();
  const poison = join(folder, "poison.mjs");
  writeFileSync(
    poison,
    `import { isMainThread } from "node:worker_threads"; if (!isMainThread) process.exit(9);`,
  );
  const { code, stderr } = await runScript(`${opening("group")} collect(5); await deployment.flush();`, {
    env: { ...env, NODE_OPTIONS: `--import ${pathToFileURL(poison)}` },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await values(destination)).toEqual(range(5));
});

/** The package in another folder, with its dependencies. */
function copyOfThePackage(folder: string): string {
  const copy = join(folder, "package");
  cpSync(join(root, "dist"), join(copy, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  return copy;
}

/** Before 22.16, Node does not say what a thread's heap holds. */
const saysHeaps = "getHeapStatistics" in Worker.prototype;

/** Bytes. By V8's own choice it is 160 MiB and more, for the objects of 90. */
const mostHeld = 128 * 2 ** 20;

test.skipIf(!saysHeaps)("the background thread's heap stays small where many objects die young", async () => {
  const { env } = await scratch();
  const body = `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ spool: { flushIntervalMs: 1 } });
    const inputs = deployment.collector("model_inputs");
    // Each is a batch of its own: so many columns are decoded anew whenever they are looked at.
    for (let i = 0; i < 300; i++) {
      inputs.collect([Object.fromEntries(Array.from({ length: 1_000 }, (_, c) => ["c" + c, i + c]))]);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await deployment.flush({ deadlineMs: 30_000 });
    const { total_physical_size: held } = await globalThis.workers[0].getHeapStatistics();
    console.log(JSON.stringify({ held, delivered: deployment.stats().frames.delivered }));
    process.exit(0);`;
  // When V8 looks for old objects that are garbage is chance, and later on a busy machine: the least of three counts.
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 3 && least > mostHeld; time++) {
    const { code, stdout, stderr } = await runScript(body, { env, args });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { held, delivered } = JSON.parse(stdout) as { held: number; delivered: number };
    expect(delivered).toBe(300);
    least = Math.min(least, held);
  }
  expect(least).toBeLessThan(mostHeld);
});
