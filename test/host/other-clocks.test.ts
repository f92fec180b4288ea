import { expect, test } from "vitest";
import { runScript, scratch, storedRows } from "../support/scratch.ts";

/*
 * Test runners replace timers, and environments that play a browser replace them before anything of ours is
 * loaded. What waits for the real ones must go on.
 */

const opening = (durability: string): string => `
  import { openDeployment } from "model-data-collector";
  const deployment = await openDeployment({ spool: { durability: ${JSON.stringify(durability)} }, onError: console.error });
  const inputs = deployment.collector("model_inputs");
  let next = 0;
  const collect = (count) => { for (let i = 0; i < count; i++) inputs.collect([{ a: next++ }]); };`;

/** Replaces every clock and timer of a process by ones that stand still, and puts the real ones back. */
const fakes = {
  "node:test": {
    start: `const { mock } = await import("node:test"); mock.timers.enable();`,
    stop: `mock.timers.reset();`,
  },
  // What sinon's fake timers do, and Jest's and Vitest's, which are made of them.
  globals: {
    start: `
      const names = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate",
        "queueMicrotask", "performance", "Date"];
      const real = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
      const nextTick = process.nextTick;
      for (const name of names) Object.defineProperty(globalThis, name, { value: () => ({}), configurable: true });
      globalThis.performance.now = () => 0;
      globalThis.Date = class extends real[8].value { static now() { return 0; } };`,
    stop: `names.forEach((name, at) => Object.defineProperty(globalThis, name, real[at]));`,
  },
};

test.each(
  Object.entries(fakes).flatMap(([kind, fake]) =>
    ["group", "frame", "memory"].map((durability) => [kind, durability, fake] as const),
  ),
)("under fake timers (%s), durability %s, a flush delivers", async (_, durability, { start, stop }) => {
  const { env, destination } = await scratch();
  const body = `${opening(durability)}
    ${start}
    collect(10);
    await deployment.flush({ deadlineMs: 20_000 });
    ${stop}
    collect(10);
    await deployment.close();
    console.log(JSON.stringify(deployment.stats().frames));`;
  const { code, stdout, stderr } = await runScript(body, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ offered: 20, delivered: 20, buffered: 0 });
  expect(await storedRows(destination, "model_inputs", { a: "float64" })).toHaveLength(20);
});

/** What sinon's fake timers do beside that, in a process that has no other realm: the module's, too. */
const fakedModule = `
  const { default: timers } = await import("node:timers");
  for (const name of Object.keys(timers)) if (/^(set|clear)/.test(name)) timers[name] = () => ({});
  (await import("node:module")).syncBuiltinESMExports();`;

test.each([
  ["node:test", fakes["node:test"].start],
  ["globals", fakes.globals.start],
  ["globals and modules", `${fakes.globals.start}${fakedModule}`],
])("loaded under fake timers (%s), it delivers, and the process ends by itself", async (_, start) => {
  const { env, destination } = await scratch();
  const body = `
    ${start}
    const { openDeployment } = await import("model-data-collector");
    const deployment = await openDeployment({ onError: console.error });
    const inputs = deployment.collector("model_inputs");
    const collect = (count) => { for (let a = 0; a < count; a++) inputs.collect([{ a }]); };
    collect(10);
    await deployment.flush({ deadlineMs: 20_000 });
    collect(10);
    await deployment.close();
    console.log(JSON.stringify(deployment.stats().frames));`;
  const { code, stdout, stderr } = await runScript(body, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ offered: 20, delivered: 20, buffered: 0 });
  expect(await storedRows(destination, "model_inputs", { a: "float64" })).toHaveLength(20);
});

test("loaded under fake timers, a flush ends at its deadline, and a timer can be stopped", async () => {
  const { env, destination } = await scratch();
  const body = `
    import { writeFileSync } from "node:fs";
    writeFileSync(${JSON.stringify(destination)}, "a file where a folder should be");
    ${fakes["node:test"].start}
    const { openDeployment } = await import("model-data-collector");
    const deployment = await openDeployment({ onError: () => {} });
    deployment.collector("model_inputs").collect([{ a: 1 }]);
    const error = await deployment.flush({ deadlineMs: 300 }).catch((thrown) => thrown);
    const { leftInSpool } = await deployment.close({ deadlineMs: 300 });
    console.log(error.code, leftInSpool);`;
  const { code, stdout } = await runScript(body, { env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "TIMEOUT 1\n" });
});

test("what was collected under fake timers leaves the memory when nobody flushes", async () => {
  const { env } = await scratch();
  const { start, stop } = fakes["node:test"];
  const body = `${opening("group")}
    const later = setTimeout;
    ${start}
    collect(10);
    const { spooled } = await new Promise((resolve) => {
      const look = () => {
        const { frames } = deployment.stats();
        if (frames.buffered === 0) resolve(frames);
        else later(look, 5);
      };
      look();
    });
    ${stop}
    console.log(spooled);`;
  const { code, stdout } = await runScript(body, { env });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "10\n" });
});

test("under fake timers a flush still ends at its deadline", async () => {
  const { env, destination } = await scratch();
  const body = `${opening("group")}
    import { writeFileSync } from "node:fs";
    writeFileSync(${JSON.stringify(destination)}, "a file where a folder should be");
    ${fakes["node:test"].start}
    collect(10);
    const error = await deployment.flush({ deadlineMs: 300 }).catch((thrown) => thrown);
    console.log(error.code);
    process.exit();`;
  const { code, stdout } = await runScript(body.replace("onError: console.error", "onError: () => {}"), {
    env,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "TIMEOUT\n" });
});

/** As in jsdom, happy-dom and renderers of Electron. */
const numbers = `
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (...args) => Number(real(...args)[Symbol.toPrimitive]());`;

test.each(["before", "after"])(
  "timers that are numbers, %s the package is loaded, change nothing",
  async (when) => {
    const { env } = await scratch();
    const preload = `data:text/javascript,${encodeURIComponent(numbers)}`;
    const args = when === "before" ? ["--import", preload] : [];
    const body = `${opening("group")}
    ${when === "after" ? numbers : ""}
    collect(10);
    await deployment.close();
    console.log(typeof setTimeout(() => {}, 1), deployment.stats().frames.delivered);`;
    const { code, stdout, stderr } = await runScript(body, { env, args });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "number 10\n", stderr: "" });
  },
);

test("the request time of a context is that of a date that a test has faked", async () => {
  const { env, destination } = await scratch();
  const body = `${opening("group")}
    const { mock } = await import("node:test");
    mock.timers.enable({ apis: ["Date"], now: Date.UTC(2001, 1, 3, 4) });
    collect(1);
    await deployment.flush();`;
  const { code, stderr } = await runScript(body, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { globSync } = await import("node:fs");
  const files = globSync("**/inference_date=2001-02-03/inference_hour=04/*.parquet", { cwd: destination });
  expect(files).toHaveLength(1);
});
