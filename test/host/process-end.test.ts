import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { type Scratch, parquetFiles, runScript, scratch, storedRows } from "../support/scratch.ts";
import { root } from "../support/packed-project.ts";
import { expect, test } from "vitest";

const collect = (from: number, to: number): string => `
  for (let i = ${from}; i < ${to}; i++) inputs.collect([{ a: i }]);`;

/** A script with a deployment of one durability. */
function script(durability: string, body: string): string {
  return `
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ spool: { durability: ${JSON.stringify(durability)} } });
    const inputs = deployment.collector("model_inputs");
    ${body}`;
}

/** Starts the next process, which delivers what it finds; returns the values that are stored then. */
async function afterTheNextProcess({ env, destination }: Scratch): Promise<number[]> {
  const { code, stderr } = await runScript(
    script("group", "inputs.collect([{ a: -1 }]); await deployment.close();"),
    { env },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return await stored(destination);
}

async function stored(destination: string): Promise<number[]> {
  const rows = await storedRows(destination, "model_inputs", { a: "float64" });
  return rows.map(({ a }) => Number(a)).sort((x, y) => x - y);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test("a script that only makes a collector ends by itself, says nothing and leaves nothing", async () => {
  const { env, folder } = await scratch();
  const started = `
    import { Collector } from "model-data-collector";
    new Collector({ name: "model_inputs" });`;
  const { code, stdout, stderr } = await runScript(started, { env });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(globSync("**/*.{parquet,seg,open}", { cwd: folder })).toEqual([]);
});

test("the five lines of the README work as printed, and everything is delivered when the script ends", async () => {
  const { env, destination } = await scratch();
  const { code, stdout, stderr } = await runScript(
    `import { Collector } from "model-data-collector";

     const inputs = new Collector({ name: "model_inputs" });
     const outputs = new Collector({ name: "model_outputs" });

     const context = inputs.collect([{ distance: 2475, origin: "JFK" }]); // one id ties the request together
     outputs.collect([{ late: false, probability: 0.12 }], context);`,
    { env },
  );
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  const [input] = await storedRows(destination, "model_inputs", { distance: "float64", origin: "string" });
  const [output] = await storedRows(destination, "model_outputs", {
    late: "boolean",
    probability: "float64",
  });
  expect(input).toMatchObject({ distance: 2475, origin: "JFK" });
  expect(output).toMatchObject({
    late: false,
    probability: 0.12,
    mdc_correlation_id: input?.["mdc_correlation_id"],
  });
});

test.each(["group", "frame", "memory"])(
  "durability %s: a script that collects and ends loses nothing, and its exit code stays",
  async (durability) => {
    const { env, destination } = await scratch();
    const { code, stderr } = await runScript(
      script(durability, `${collect(0, 300)}; process.exitCode = 7;`),
      { env },
    );
    expect({ code, stderr }).toEqual({ code: 7, stderr: "" });
    expect(await stored(destination)).toEqual(range(0, 300));
  },
);

test("work that is done while the loop is empty, and in a second round, is delivered too", async () => {
  const { env, destination } = await scratch();
  const body = `${collect(0, 10)}
    let rounds = 0;
    process.on("beforeExit", () => { if (rounds++ < 3) inputs.collect([{ a: 10 + rounds }]); });`;
  const { code } = await runScript(script("group", body), { env });
  expect(code).toBe(0);
  expect(await stored(destination)).toEqual([...range(0, 10), 11, 12, 13]);
});

test.each([
  ["process.exit right after", "process.exit(3);", 3],
  ["an exception right after", 'throw new Error("boom");', 1],
  ["a rejection right after", 'Promise.reject(new Error("boom")); await new Promise(() => {});', 1],
] as const)(
  "%s collecting: all is in the spool, the exit code stays, and the next process delivers",
  async (_, end, code) => {
    const world = await scratch();
    for (const durability of ["group", "frame"]) {
      const from = durability === "group" ? 0 : 100;
      const ended = await runScript(script(durability, `${collect(from, from + 100)}; ${end}`), {
        env: world.env,
      });
      expect(ended.code).toBe(code);
    }
    const values = await afterTheNextProcess(world);
    expect(values).toEqual([-1, ...range(0, 200)]);
  },
);

test("process.exit some time after collecting loses and doubles nothing", async () => {
  const world = await scratch();
  for (const [i, ms] of [0, 5, 25, 60, 150].entries()) {
    const body = `${collect(i * 50, i * 50 + 25)}
      setTimeout(() => { ${collect(i * 50 + 25, i * 50 + 50)}; setTimeout(() => process.exit(0), ${ms}); }, ${ms});`;
    await runScript(script("group", body), { env: world.env });
  }
  expect(await afterTheNextProcess(world)).toEqual([-1, ...range(0, 250)]);
});

/** Runs a script until it prints "ready", sends it a signal, and waits for its end. */
async function signalled(
  world: Scratch,
  signal: NodeJS.Signals,
  code: string,
): Promise<{ signal: string | null; printed: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: root,
    env: { ...process.env, ...world.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const wasReady = printed.includes("ready");
    printed += text;
    if (!wasReady && printed.includes("ready")) child.kill(signal);
  });
  const guard = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const ended = await new Promise<string | null>((resolve) => child.on("close", (_, by) => resolve(by)));
  clearTimeout(guard);
  return { signal: ended, printed };
}

test("SIGTERM ends the process as ever; what had been collected a moment before is delivered by the next one", async () => {
  const world = await scratch();
  const body = `${collect(0, 200)}; setTimeout(() => console.log("ready"), 500); setInterval(() => {}, 1000);`;
  const { signal } = await signalled(world, "SIGTERM", script("group", body));
  expect(signal).toBe("SIGTERM");
  expect(await afterTheNextProcess(world)).toEqual([-1, ...range(0, 200)]);
});

test("a handler of SIGTERM that closes the deployment delivers everything itself", async () => {
  const world = await scratch();
  const body = `process.once("SIGTERM", async () => { console.log(JSON.stringify(await deployment.close())); process.exit(0); });
    ${collect(0, 200)}; console.log("ready"); setInterval(() => {}, 1000);`;
  const { signal, printed } = await signalled(world, "SIGTERM", script("group", body));
  expect(signal).toBeNull();
  expect(printed).toContain(JSON.stringify({ delivered: 200, leftInSpool: 0, dropped: 0 }));
  expect(await stored(world.destination)).toEqual(range(0, 200));
});

test("durability frame: every frame whose collect had returned survives kill -9", async () => {
  const world = await scratch();
  // What has returned is written to stdout before the next call, synchronously.
  const body = `import("node:fs").then(({ writeSync }) => {
      for (let i = 0; ; i++) { inputs.collect([{ a: i }]); writeSync(1, i === 500 ? "ready\\n" + i + "\\n" : i + "\\n"); }
    });`;
  const { signal, printed } = await signalled(world, "SIGKILL", script("frame", body));
  expect(signal).toBe("SIGKILL");
  const returned = printed.split("\n").filter((line) => /^\d+$/.test(line)).length;
  expect(returned).toBeGreaterThan(400);
  const values = await afterTheNextProcess(world);
  // The last line may be cut, and one call may have been at work.
  expect(values.length - 1).toBeGreaterThanOrEqual(returned - 1);
  expect(values).toEqual([-1, ...range(0, values.length - 1)]);
});

test("two processes at once on one spool and one destination lose and double nothing", async () => {
  const world = await scratch();
  const one = (from: number): Promise<unknown> =>
    runScript(
      script(
        "group",
        `${collect(from, from + 100)}; setTimeout(() => {${collect(from + 100, from + 200)}}, 300);`,
      ),
      {
        env: world.env,
      },
    );
  await Promise.all([one(0), one(200), one(400)]);
  expect(await stored(world.destination)).toEqual(range(0, 600));
});

test("a destination that cannot be reached ends the script after a while, with a warning and the data kept", async () => {
  const world = await scratch();
  const { env } = world;
  const { writeFileSync, rmSync } = await import("node:fs");
  writeFileSync(world.destination, "a file where a folder should be");
  const { code, stderr } = await runScript(script("group", collect(0, 5)), { env });
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /the process ends before all was delivered; it stays in the spool \(.+\) for the next process/,
  );
  rmSync(world.destination);
  expect(await afterTheNextProcess(world)).toEqual([-1, ...range(0, 5)]);
  expect(parquetFiles(world.destination).length).toBeGreaterThan(0);
});
