import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ChildResult, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { runScript, scratch, storedRows } from "../support/scratch.ts";

/** The deployment of a process that nobody told where its spool is to be, at work and in what it says. */
const script = `import { Collector, openDeployment } from "model-data-collector";
  const deployment = await openDeployment();
  const { status, reasons } = deployment.status();
  const { directory, durability } = deployment.config.spool;
  for (let i = 0; i < 10; i++) deployment.collector("model_inputs").collect([{ i }]);
  await deployment.flush();
  const { delivered, dropped } = deployment.stats().frames;
  console.log(JSON.stringify({ status, reasons, directory, durability, delivered, dropped }));
  await deployment.close();`;

interface Outcome {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly directory: string;
  readonly durability: string;
  readonly delivered: number;
  readonly dropped: object;
}

/**
 * A home and a temporary folder, in which nothing can be made where a file stands in the way, as root too.
 */
async function world(blocked: { home?: boolean; temporary?: boolean }) {
  const { folder, destination } = await scratch();
  const [home, temporary] = [join(folder, "home"), join(folder, "tmp")];
  for (const path of [home, temporary]) mkdirSync(path);
  if (blocked.home === true) writeFileSync(join(home, ".local"), "");
  const uid = process.getuid?.() ?? 0;
  const own = join(temporary, `model-data-collector-${uid}`);
  if (blocked.temporary === true) writeFileSync(own, "");
  const env: Record<string, string | undefined> = {
    ...{
      MDC_DESTINATION: destination,
      MDC_SPOOL_DIR: undefined,
      MDC_CONFIG: undefined,
      NODE_OPTIONS: undefined,
    },
    ...{ XDG_STATE_HOME: undefined, HOME: home, TMPDIR: temporary },
  };
  const run = async (more: Record<string, string> = {}): Promise<ChildResult & Outcome> => {
    const result = await runScript(script, { env: { ...env, ...more } });
    return { ...result, ...(JSON.parse(result.stdout || "{}") as Outcome) };
  };
  return { folder, home, temporary, own, destination, env, run };
}

test("a home that can be written has the spool, and nothing is said", async () => {
  const { home, own, run } = await world({});
  const result = await run();
  expect(result).toMatchObject({ code: 0, stderr: "", status: "ok", reasons: [], delivered: 10 });
  expect(result.directory.startsWith(join(home, ".local/state/model-data-collector/spool/"))).toBe(true);
  expect(existsSync(own)).toBe(false);
});

test("a home that cannot: a private folder among the temporary ones, one warning, and a degraded status", async () => {
  const { home, own, destination, run } = await world({ home: true });
  const result = await run();
  expect(result).toMatchObject({
    code: 0,
    status: "degraded",
    durability: "group",
    delivered: 10,
    dropped: {},
  });
  expect(result.directory.startsWith(join(own, "spool/"))).toBe(true);
  expect(result.reasons).toEqual([
    expect.stringMatching(
      new RegExp(
        `^the spool folder ${home}/\\S+ cannot be written \\(ENOTDIR\\).* in ${result.directory} instead`,
      ),
    ),
  ]);
  expect(result.stderr.match(/SPOOL_FAILED/g)).toHaveLength(1);
  expect(result.stderr).toContain(result.reasons[0]);
  expect(statSync(own).mode & 0o777).toBe(0o700);
  expect(await storedRows(destination, "model_inputs")).toHaveLength(10);
});

test("what waits among the temporary files is listed and drained by who names only the destination", async () => {
  const { own, destination, env } = await world({ home: true });
  const dying = `import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ rotation: { maxAgeMs: 86_400_000 } });
    for (let i = 0; i < 10; i++) deployment.collector("model_inputs").collect([{ i }]);
    await deployment.flush({ to: "spool" });
    process.kill(process.pid, "SIGKILL");`;
  expect((await runScript(dying, { env })).signal).toBe("SIGKILL");
  const mdc = (...args: string[]): Promise<ChildResult> =>
    runNode([join(root, "dist/cli/main.js"), ...args], { env });
  const listed = await mdc("spool", "ls");
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^model_inputs .* 10 /m) });
  expect(listed.stderr).toContain(`2 segments in ${own}`);
  expect((await mdc("ls")).stderr).toContain(`waiting in ${own}`);
  const drained = await mdc("spool", "drain");
  expect(drained.stdout).toContain("delivered 10 frames, 10 rows");
  expect(await storedRows(destination, "model_inputs")).toHaveLength(10);
  expect((await mdc("spool", "ls")).stderr).toMatch(new RegExp(`^nothing waits in \\S+ or ${own}`));
});

test("no folder at all: memory, one warning, and a degraded status", async () => {
  const { destination, run } = await world({ home: true, temporary: true });
  const result = await run();
  expect(result).toMatchObject({
    code: 0,
    status: "degraded",
    durability: "memory",
    delivered: 10,
    dropped: {},
  });
  expect(result.reasons).toEqual([
    expect.stringMatching(/waits in memory alone, and is lost with this process/),
  ]);
  expect(result.stderr.match(/SPOOL_FAILED/g)).toHaveLength(1);
  expect(await storedRows(destination, "model_inputs")).toHaveLength(10);
});

test.skipIf(process.platform === "win32")(
  "a folder among the temporary ones that others can write, or a link, is not used",
  async () => {
    const shared = await world({ home: true });
    mkdirSync(shared.own);
    chmodSync(shared.own, 0o777);
    expect(await shared.run()).toMatchObject({ durability: "memory", delivered: 10 });
    const linked = await world({ home: true });
    mkdirSync(join(linked.folder, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(linked.folder, "elsewhere"), linked.own);
    expect(await linked.run()).toMatchObject({ durability: "memory", delivered: 10 });
  },
);

test("a folder that was given is an error when the deployment is made, which says who gave it", async () => {
  const { folder, env, run } = await world({});
  writeFileSync(join(folder, "file"), "");
  const bad = join(folder, "file", "spool");
  const opened = await run({ MDC_SPOOL_DIR: bad });
  expect(opened).toMatchObject({ code: 1, stdout: "" });
  expect(opened.stderr).toMatch(
    /RangeError.*: environment variable MDC_SPOOL_DIR: expected a folder that can be written, got .*ENOTDIR/,
  );
  const constructed = await runScript(
    `import { Collector } from "model-data-collector"; new Collector({ name: "x" });`,
    { env: { ...env, MDC_SPOOL_DIR: bad } },
  );
  expect(constructed.stderr).toMatch(/RangeError.*: environment variable MDC_SPOOL_DIR: expected/);
  const config = join(folder, "deployment.yml");
  writeFileSync(config, `data_collector:\n  x_mdc:\n    spool:\n      directory: ${bad}\n`);
  const told = await run({ MDC_CONFIG: config });
  expect(told.stderr).toMatch(/RangeError.*deployment\.yml:4: .*spool\.directory: expected a folder/);
});

test("a change of the configuration file leaves the spool where it had to go", async () => {
  const { folder, env } = await world({ home: true });
  const config = join(folder, "deployment.yml");
  writeFileSync(config, "data_collector:\n  sampling_rate: 1.0\n");
  const follow = `import { writeFileSync } from "node:fs";
    import { openDeployment } from "model-data-collector";
    const deployment = await openDeployment({ onError: () => {} });
    const before = deployment.config;
    writeFileSync(process.env.MDC_CONFIG, "data_collector:\\n  sampling_rate: 0.5\\n");
    while (deployment.config === before) await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify([before, deployment.config].map(({ samplingRate, spool }) => ({ samplingRate, spool }))));
    await deployment.close();`;
  const { stdout } = await runScript(follow, { env: { ...env, MDC_CONFIG: config } });
  const [before, after] = JSON.parse(stdout) as { samplingRate: number; spool: object }[];
  expect(after).toEqual({ samplingRate: 0.5, spool: before?.spool });
});
