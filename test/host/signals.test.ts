import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChild, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { parquetFiles, runScript, type Scratch, scratch, storedRows } from "../support/scratch.ts";

const posix = process.platform !== "win32";

/** A process that listens as `options` say, collects ten frames, runs `body`, and goes on for a minute. */
function script(options: string, body = "", before = ""): string {
  return `
    import { Collector, closeOnSignals, openDeployment } from "model-data-collector";
    import { writeSync } from "node:fs";
    const say = (text) => writeSync(1, text + "\\n");
    ${before}
    const watch = closeOnSignals(${options});
    const inputs = new Collector({ name: "model_inputs" });
    const blue = await openDeployment({ deployment: "blue" });
    const outputs = blue.collector("model_outputs");
    for (let i = 0; i < 10; i++) outputs.collect([{ a: i }], inputs.collect([{ a: i }]));
    ${body}
    setTimeout(() => {}, 60_000);
    say("ready");`;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a script, and when it is ready sends it signals, each when the one before has been answered or after
 * 20 ms.
 */
async function signalled(
  { env }: Scratch,
  code: string,
  ...signals: readonly NodeJS.Signals[]
): Promise<Ended> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let [stdout, stderr] = ["", ""];
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("ready")) resolve();
    });
    child.on("close", () => resolve());
  });
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [exitCode, signal] = await closed;
  return { code: exitCode, signal, stdout, stderr };
}

async function stored({ destination }: Scratch, collection: string): Promise<number[]> {
  const rows = await storedRows(destination, collection, { a: "float64" });
  return rows.map(({ a }) => Number(a)).sort((x, y) => x - y);
}

const ten = Array.from({ length: 10 }, (_, i) => i);

test.runIf(posix).each(["SIGTERM", "SIGINT"] as const)(
  "%s closes every deployment of the process, which then ends by that signal",
  async (signal) => {
    const world = await scratch();
    expect(await signalled(world, script(""), signal)).toMatchObject({ code: null, signal, stderr: "" });
    expect(await stored(world, "model_inputs")).toEqual(ten);
    expect(await stored(world, "model_outputs")).toEqual(ten);
  },
);

test.runIf(posix)("without it a signal ends the process at once, as ever", async () => {
  const world = await scratch();
  const code = script("", "watch[Symbol.dispose]();");
  expect(await signalled(world, code, "SIGTERM")).toMatchObject({ code: null, signal: "SIGTERM" });
  expect(parquetFiles(world.destination)).toEqual([]);
});

test.runIf(posix).each([
  ["on", "before"],
  ["once", "before"],
  ["on", "after"],
  ["once", "after"],
])("a host that listens itself (%s, %s us) decides how it ends, in its own time", async (method, when) => {
  const world = await scratch();
  const own = `
    process.${method}("SIGTERM", async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      say(blue.status().status);
      process.exit(7);
    });`;
  const code = when === "before" ? script("", "", own) : script("", own);
  const ended = await signalled(world, code, "SIGTERM");
  expect(ended).toMatchObject({ code: 7, signal: null, stderr: "" });
  expect(ended.stdout).toContain("closed");
  expect(await stored(world, "model_inputs")).toEqual(ten);
});

test.runIf(posix)("only the signals that were asked for are listened to", async () => {
  const world = await scratch();
  const code = script('{ signals: ["SIGHUP"] }');
  expect(await signalled(world, code, "SIGTERM")).toMatchObject({ signal: "SIGTERM" });
  expect(parquetFiles(world.destination)).toEqual([]);
  expect(await signalled(world, code, "SIGHUP")).toMatchObject({ signal: "SIGHUP" });
  expect(parquetFiles(world.destination).length).toBeGreaterThan(0);
});

test("as the first process of a container, which no signal of its own can end, it ends with 128 + 15", async (context) => {
  const inContainer = spawnSync("unshare", ["--pid", "--fork", "--kill-child", "true"]).status === 0;
  context.skip(!inContainer, "this user cannot make a process namespace here");
  const world = await scratch();
  const code = script("", 'setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);');
  const ended = await runChild(
    "unshare",
    ["--pid", "--fork", "--kill-child", process.execPath, "--input-type=module", "--eval", code],
    { cwd: root, env: world.env, timeoutMs: 60_000 },
  );
  expect(ended).toMatchObject({ code: 143, signal: null, stderr: "" });
  expect(await stored(world, "model_inputs")).toEqual(ten);
});

/** A destination that never answers: only the deadline ends the wait for it. */
const deaf = `
  const { createServer } = await import("node:net");
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  server.unref();
  const far = await openDeployment({
    deployment: "far",
    destination: \`http://127.0.0.1:\${server.address().port}/account/container\`,
    credential: "sv=2024-01-01&sig=c2lnbmF0dXJl",
    spool: { directory: process.env.MDC_SPOOL_DIR + "-far" },
    onError: () => {},
  });
  far.collector("far").collect([{ a: 1 }]);`;

test.runIf(posix)("the deadline bounds the wait, and what is not delivered is in the spool", async () => {
  const world = await scratch();
  const ended = await signalled(world, script("{ deadlineMs: 500 }", deaf), "SIGTERM");
  expect(ended).toMatchObject({ signal: "SIGTERM", stderr: "" });
  expect(await leftForFar(world)).toEqual([1]);
});

test.runIf(posix)(
  "a second signal ends the process at once, and nothing that was collected is lost",
  async () => {
    const world = await scratch();
    const ended = await signalled(world, script("{ deadlineMs: 50_000 }", deaf), "SIGTERM", "SIGTERM");
    expect(ended).toMatchObject({ signal: "SIGTERM", stderr: "" });
    expect(await leftForFar(world)).toEqual([1]);
  },
);

/** What was left in the spool for the destination that never answers, delivered to another one. */
async function leftForFar({ folder, spool }: Scratch): Promise<number[]> {
  const destination = join(folder, "elsewhere");
  const mdc = join(root, "dist/cli/main.js");
  const drain = await runNode([mdc, "spool", "drain", "--spool", `${spool}-far`, "--root", destination]);
  expect(drain).toMatchObject({ code: 0, stderr: "" });
  const rows = await storedRows(destination, "far", { a: "float64" });
  return rows.map(({ a }) => Number(a));
}

test.each([
  ["{ signals: [] }", "RangeError"],
  ['{ signals: ["SIGKILL"] }', "RangeError"],
  ['{ signals: "SIGTERM" }', "TypeError"],
  ["{ deadlineMs: -1 }", "RangeError"],
  ["{ dedlineMs: 1 }", "RangeError"],
])("closeOnSignals(%s) throws a %s that names the option", async (options, kind) => {
  const { code, stderr } = await runScript(
    `import { closeOnSignals } from "model-data-collector"; closeOnSignals(${options});`,
    { env: { NODE_OPTIONS: undefined } },
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`${kind}: closeOnSignals option`));
});

test("listening keeps no process alive", async () => {
  const { code, stdout } = await runScript(
    `import { closeOnSignals } from "model-data-collector"; closeOnSignals(); console.log("end");`,
    { env: { NODE_OPTIONS: undefined } },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "end\n" });
});
