import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CorrelationContext, openDeployment, runWithContext } from "model-data-collector";
import { nodePayloadLogging } from "model-data-collector/http";
import { createTestDeployment } from "model-data-collector/testing";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/packed-project.ts";
import { payloadServer } from "../support/payload-server.ts";
import { expectBalance, runScript, scratch, storedRows } from "../support/scratch.ts";

const kept = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
  rows.map((row) => [row["mdc_correlation_id"], row["mdc_sampling_rate"]]);

test("a payload-logged request that fails is kept whole, with what its handler collected", async () => {
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    server.deployment.collector("model_inputs").collect([{ distance: 2475 }]);
    await wait(request.url === "/slow" ? 1_500 : 0);
    response.writeHead(request.url === "/failed" ? 500 : 200).end("done");
  };
  const server = await payloadServer(
    (deployment) => createServer(nodePayloadLogging((...both) => void handler(...both), { deployment })),
    { samplingRate: 0, keep: [{ failed: true }, { slowerThanMs: 1_400 }] },
  );
  for (const path of ["fine", "failed", "slow"])
    await fetch(`http://127.0.0.1:${server.port}/${path}`, { headers: { "x-request-id": path } });
  const { requests, responses } = await server.stored();
  const both = [
    ["failed", 1],
    ["slow", 1],
  ];
  expect(kept(requests)).toEqual(both);
  expect(kept(responses)).toEqual(both);
  const stats = server.deployment.stats();
  expectBalance(stats);
  expect(stats.frames).toMatchObject({ offered: 9, sampledOut: 3, delivered: 6, recalled: 6 });
});

test("a test deployment has a kept request's frames once it is decided", async () => {
  const deployment = createTestDeployment({ samplingRate: 0, keep: [{ failed: true }] });
  const run = (id: string, fails: boolean): Promise<void> =>
    runWithContext(CorrelationContext.create({ id }), async () => {
      deployment.collector("model_inputs").collect([{ distance: 1 }]);
      await Promise.resolve();
      if (fails) throw new Error("boom");
    });
  await run("a", false);
  await expect(run("b", true)).rejects.toThrow("boom");
  const frames = await deployment.frames("model_inputs");
  expect(frames.map(({ context }) => context.id)).toEqual(["b"]);
  expect(deployment.stats().frames).toMatchObject({ offered: 2, sampledOut: 1, delivered: 1, recalled: 1 });
});

test("the same number to capture said again begins again in an update, and not in a file", async () => {
  const { folder, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  const ours = join(folder, "blue.mdc.yml");
  writeFileSync(configFile, "endpoint_name: flights\n");
  writeFileSync(ours, "sampling_rate: 0\ncapture_next: 1\n");
  const deployment = await openDeployment(options({ configFile }));
  onTestFinished(() => void deployment.close());
  const collector = deployment.collector("model_inputs");
  const collect = (): number => {
    const before = deployment.stats().frames.sampledOut;
    for (let n = 0; n < 4; n++) collector.collect([{ n }]);
    return 4 - (deployment.stats().frames.sampledOut - before);
  };
  const changed = async (text: string): Promise<void> => {
    const { version } = deployment.config;
    writeFileSync(ours, text);
    while (deployment.config.version === version) await wait(50);
  };
  expect([collect(), collect()]).toEqual([1, 0]);
  await changed("sampling_rate: 0\ncapture_next: 1\nlimits: { max_frame_rows: 9 }\n");
  expect(collect()).toBe(0);
  await changed("sampling_rate: 0\ncapture_next: 2\n");
  expect([collect(), collect()]).toEqual([2, 0]);
  deployment.update({ captureNext: 3 });
  expect([collect(), collect()]).toEqual([3, 0]);
  deployment.update({ captureNext: 3 });
  expect([collect(), collect()]).toEqual([3, 0]);
});

test("of two copies of the package each tells the other's deployment what becomes of a request", async () => {
  const world = await scratch();
  const other = join(world.folder, "other");
  mkdirSync(other);
  for (const name of ["package.json", "dist"])
    cpSync(join(root, name), join(other, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(other, "node_modules"), "junction");
  const script = `
    import * as a from "model-data-collector";
    import * as b from ${JSON.stringify(join(other, "dist/index.js"))};
    const destination = ${JSON.stringify(world.destination)};
    const options = { destination, samplingRate: 0, keep: [{ failed: true }], onError: console.error };
    const deployment = await a.openDeployment(options);
    const collectors = [a, b].map(({ Collector }) => new Collector({ name: "model_inputs", deployment }));
    const copies = { a, b };
    for (const runs of ["a", "b"]) for (const makes of ["a", "b"]) for (const [at, inputs] of collectors.entries()) {
      const make = (what) => copies[makes].CorrelationContext.create({ id: [runs, makes, at, what].join("-") });
      const run = (context, fails) => copies[runs].runWithContext(context, async () => {
        inputs.collect([{ x: 1 }]);
        if (fails) throw new Error("boom");
      }).catch(() => {});
      await run(make("failed"), true);
      await run(make("fine"), false);
      const [early, late] = [make("early"), make("late")];
      early.keep();
      for (const context of [early, late]) inputs.collect([{ x: 1 }], context);
      late.keep();
    }
    console.log(deployment.stats().frames.sampledOut);
    await deployment.close();`;
  const { stdout, stderr } = await runScript(script, { env: world.env });
  expect({ stdout, stderr }).toEqual({ stdout: "8\n", stderr: "" });
  const rows = await storedRows(world.destination, "model_inputs");
  const ids = rows.map((row) => String(row["mdc_correlation_id"]));
  const all = ["a", "b"].flatMap((runs) =>
    ["a", "b"].flatMap((makes) => [0, 1].map((at) => [runs, makes, at])),
  );
  const whats = ["failed", "early", "late"];
  expect(ids.toSorted()).toEqual(
    all.flatMap((parts) => whats.map((what) => [...parts, what].join("-"))).toSorted(),
  );
});
