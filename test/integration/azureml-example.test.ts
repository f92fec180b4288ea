import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { openDataset } from "model-data-collector/reader";
import { describe, expect, test } from "vitest";
import { startAzurite } from "../support/azurite.ts";
import { parquetFiles, scratch, storedRows } from "../support/scratch.ts";
import { deploymentYaml, sampleRequest, ScoringContainer } from "../support/scoring-container.ts";

/** `examples/azureml`, run as the platform would run it: its folders, variables, probes and signals. */

const flights = sampleRequest as { origin: string; distance: number }[];
/** By the formula of the example's model, with its numbers. */
const scores = flights.map(({ distance }) => {
  const probability = 1 / (1 + Math.exp(2 - 0.001 * distance));
  return { late: probability >= 0.5, probability };
});
const ids = { mdc_request_id: "string", mdc_client_request_id: "string" };

describe.skipIf(process.platform === "win32")("the container of examples/azureml", () => {
  test("answers probes and as many requests at once as the deployment lets in, and delivers all when it is stopped", async () => {
    const { folder, destination, env } = await scratch();
    await using container = await ScoringContainer.start({ folder, env });
    expect((await container.get("liveness_route")).status).toBe(200);
    await container.until("readiness_route", 200);
    expect((await container.get("/startup")).status).toBe(200);

    const requests = Array.from(
      { length: deploymentYaml.request_settings.max_concurrent_requests_per_instance },
      (_, index) => [`platform-${index}`, `caller-${index}`] as const,
    );
    const answers = await Promise.all(
      requests.map(async ([platform, caller]) => {
        const headers = { "x-request-id": platform, "x-ms-client-request-id": caller };
        const response = await container.score(flights, { headers });
        const echoed = ["x-request-id", "x-ms-client-request-id"].map((name) => response.headers.get(name));
        return [response.status, echoed, await response.json()];
      }),
    );
    expect(answers).toEqual(requests.map((own) => [200, [...own], scores]));
    expect(await container.stop()).toBe(0);
    expect(container.log).toMatch(/\nwhat was collected is delivered\n$/);

    for (const [collection, rows] of [
      ["model_inputs", flights],
      ["model_outputs", scores],
    ] as const) {
      const types = collection === "model_inputs" ? inputTypes : outputTypes;
      const stored = await storedRows(destination, collection, { ...types, ...ids });
      for (const [platform, caller] of requests) {
        const own = { mdc_request_id: platform, mdc_client_request_id: caller };
        const found = stored.filter((row) => row["mdc_correlation_id"] === platform);
        expect(found).toMatchObject(rows.map((row) => ({ ...row, ...own })));
      }
      expect(stored).toHaveLength(2 * requests.length);
    }
  });

  test("stores in Azure Blob Storage, below endpoint and deployment", async () => {
    const { folder } = await scratch();
    await using azurite = await startAzurite();
    const blobs = await azurite.container("inference");
    const credential = azurite.connectionString;
    const MDC_DESTINATION = `${azurite.url}/inference/modelDataCollector`;
    await using container = await ScoringContainer.start({
      folder,
      env: { MDC_DESTINATION, AZURE_STORAGE_CONNECTION_STRING: credential },
    });
    await container.until("readiness_route", 200);
    for (let index = 0; index < 20; index++) {
      expect((await container.score(flights, { headers: { "x-request-id": `r-${index}` } })).status).toBe(
        200,
      );
    }
    expect(await container.stop()).toBe(0);
    const names: string[] = [];
    for await (const { name } of blobs.listBlobsFlat()) if (name.endsWith(".parquet")) names.push(name);
    expect(names.length).toBeGreaterThanOrEqual(2);
    for (const name of names)
      expect(name).toMatch(/^modelDataCollector\/flights\/blue\/model_(in|out)puts\//);
    await using data = await openDataset(MDC_DESTINATION, { credential });
    for (let index = 0; index < 20; index++) {
      const { records } = await data.trace(`r-${index}`);
      expect(records.map(({ collection, rows }) => [collection, rows])).toEqual([
        ["model_inputs", flights],
        ["model_outputs", scores],
      ]);
    }
  });

  test.each([
    { agent: "absent", stored: 2, posted: 0 },
    // Of what the platform's file does not name, nothing is collected.
    { agent: "there", named: { model_inputs: true }, stored: 1, posted: 0 },
    {
      agent: "there, and given all",
      named: { model_inputs: true, model_outputs: true },
      stored: 0,
      posted: 2,
    },
    { agent: "there, with collection off", named: { model_inputs: false }, stored: 0, posted: 0 },
  ])("scores, and collects as it is told, with the platform's agent $agent", async (given) => {
    const { folder, destination, env } = await scratch();
    const posted: unknown[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        posted.push([request.headers["ce-type"], JSON.parse(body)]);
        response.end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const file = join(folder, "mdc-config.json");
      const { agent, named = {} } = given;
      const collections = Object.entries(named).map(([name, enabled]) => [name, { enabled }]);
      writeFileSync(file, JSON.stringify({ runMode: "cloud", collections: Object.fromEntries(collections) }));
      const platform = {
        AZUREML_MDC_CONFIG_PATH: file,
        AZUREML_MDC_HOST: "127.0.0.1",
        AZUREML_MDC_PORT: String((server.address() as AddressInfo).port),
        ...(given.posted > 0 ? { MDC_FORMAT: "azureml", MDC_DESTINATION: undefined } : {}),
      };
      await using container = await ScoringContainer.start({
        folder,
        env: { ...env, ...(agent === "absent" ? {} : platform) },
      });
      await container.until("readiness_route", 200);
      expect(await (await container.score(flights)).json()).toEqual(scores);
      expect(await container.stop()).toBe(0);
      expect(container.log).not.toMatch(/error|warning/i);
      const all = [
        ["model_inputs", flights],
        ["model_outputs", scores],
      ] as const;
      for (const [index, [name, rows]] of all.entries()) {
        expect(await storedRows(destination, name)).toHaveLength(index < given.stored ? rows.length : 0);
      }
      expect(posted).toEqual(
        all.slice(0, given.posted).map(([name, rows]) => [`azureml.inference.${name}`, rows]),
      );
    } finally {
      server.close();
    }
  });

  test("runs any script, and lets requests that are under way end when it is stopped", async () => {
    const { folder, destination, env } = await scratch();
    const code = `
      import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
      import { Collector, currentContext } from "model-data-collector";
      const inputs = new Collector({ name: "model_inputs" });
      // No timer of a script's keeps the container from ending.
      setInterval(() => {}, 1_000);
      export async function run(input: unknown): Promise<unknown> {
        const what = (input as { what?: string })?.what ?? String(input);
        inputs.collect([{ what }]);
        await sleep((input as { ms?: number })?.ms ?? 0);
        if (what === "throw") throw new TypeError("s3cr3t");
        if (what === "bytes") return Uint8Array.of(1, 2, 3);
        if (what === "nothing") return undefined;
        if (what === "response") return new Response("no", { status: 422, headers: { "x-mine": "1" } });
        return { what, id: currentContext()?.id };
      }`;
    await using container = await ScoringContainer.start({ folder, env, script: ["any.ts", code] });
    await container.until("readiness_route", 200);

    const headers = { "x-request-id": "r-1" };
    expect(await (await container.score({ what: "json" }, { headers })).json()).toEqual({
      what: "json",
      id: "r-1",
    });
    const plain = { body: "a text", headers: { ...headers, "content-type": "text/plain; charset=utf-8" } };
    expect(await (await container.score(undefined, plain)).json()).toEqual({ what: "a text", id: "r-1" });
    const bytes = await container.score({ what: "bytes" });
    expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
    expect(await (await container.score({ what: "nothing" })).json()).toBe(null);
    const own = await container.score({ what: "response" });
    expect([own.status, own.headers.get("x-mine"), await own.text()]).toEqual([422, "1", "no"]);

    const failed = await container.score({ what: "throw" }, { headers: { "x-request-id": "bad" } });
    expect([failed.status, failed.headers.get("x-request-id")]).toEqual([500, "bad"]);
    expect(await failed.json()).toEqual({ error: "the scoring script failed; the container's log says why" });
    expect(container.log).toMatch(/request bad failed: TypeError: s3cr3t/);
    const statuses = [
      container.score(undefined, { body: "{" }),
      container.score({}, { headers: { "content-encoding": "gzip" } }),
      container.score(undefined, { body: "x".repeat(17 * 1024 * 1024) }).catch(() => ({ status: 413 })),
      container.score(undefined, { method: "PUT" }),
      container.get("/nowhere"),
    ].map(async (response) => (await response).status);
    expect(await Promise.all(statuses)).toEqual([400, 415, 413, 405, 404]);

    const slow = ["slow-1", "slow-2"].map((what) => container.score({ what, ms: 1_000 }));
    await sleep(300);
    const ended = container.stop();
    for (const response of slow) {
      expect(await (await response).json()).toMatchObject({ what: expect.stringMatching(/^slow/) as string });
    }
    expect(await ended).toBe(0);
    const stored = await storedRows(destination, "model_inputs", { what: "string" });
    expect(new Set(stored.map((row) => row["what"]))).toEqual(
      new Set(["json", "a text", "bytes", "nothing", "response", "throw", "slow-1", "slow-2"]),
    );
    expect(stored).toHaveLength(8);
  });

  test("runs a CommonJS script that has nothing to prepare", async () => {
    const { folder, env } = await scratch();
    const code = `const name = "run"; module.exports[name] = (rows) => rows.length;`;
    await using container = await ScoringContainer.start({ folder, env, script: ["score.cjs", code] });
    await container.until("readiness_route", 200);
    expect(await (await container.score(flights)).json()).toBe(2);
    expect(await container.stop()).toBe(0);
  });

  test.each([
    [
      "throws in init",
      ["x.ts", `export function init() { throw new Error("s3cr3t") }; export const run = () => 1`],
      "init of",
    ],
    ["cannot be loaded", ["x.ts", `import "not-installed";`], "loading"],
    ["exports no run", ["x.ts", `export const init = () => {};`], "loading"],
  ] as const)("with a script that %s lives, says so and is not ready", async (_, script, step) => {
    const { folder, destination, env } = await scratch();
    await using container = await ScoringContainer.start({ folder, env, script });
    while (!container.log.includes("failed:")) await sleep(10);
    const said = { error: `${step} the scoring script failed; the container's log says why` };
    const refused = [container.get("readiness_route"), container.get("/startup"), container.score(flights)];
    for (const response of await Promise.all(refused)) {
      expect([response.status, await response.json()]).toEqual([503, said]);
    }
    expect((await container.get("liveness_route")).status).toBe(200);
    expect(await container.stop()).toBe(0);
    expect(parquetFiles(destination)).toEqual([]);
  });
});

const inputTypes = { origin: "string", distance: "float64" };
const outputTypes = { late: "boolean", probability: "float64" };
