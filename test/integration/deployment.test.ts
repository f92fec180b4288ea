import { inspect } from "node:util";
import { writeFileSync, rmSync } from "node:fs";
import { Collector, CollectorError, CorrelationContext, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { expectBalance, parquetFiles, runScript, scratch, storedRows } from "../support/scratch.ts";

/** What a call throws or rejects with. */
async function thrownBy(call: () => unknown): Promise<Error & { code?: string }> {
  try {
    await call();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("nothing was thrown");
}

test("a flush to the spool comes before the data is in files; a flush to the store puts it there", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs");
  collector.collect([{ a: 1 }]);
  expect(deployment.stats().frames).toMatchObject({ buffered: 1, spooled: 0 });
  expect(await collector.flush({ to: "spool" })).toEqual({ delivered: 0, leftInSpool: 1, dropped: 0 });
  expect(deployment.stats().frames).toMatchObject({ buffered: 0, spooled: 1 });
  expect(parquetFiles(destination)).toHaveLength(0);
  expect(await collector.flush({ to: "store" })).toEqual({ delivered: 1, leftInSpool: 0, dropped: 0 });
  expect(deployment.stats().frames).toMatchObject({ spooled: 0, delivered: 1 });
  expect(parquetFiles(destination)).toHaveLength(1);
  await collector.flush();
  expect(parquetFiles(destination)).toHaveLength(1);
});

test("overlapping flushes all resolve, each after what came before it", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs");
  const flushes: Promise<unknown>[] = [];
  for (let i = 0; i < 10; i++) {
    collector.collect([{ a: i }]);
    flushes.push(deployment.flush());
    collector.collect({ a: Float64Array.from({ length: 2_000 }, () => i) });
  }
  await Promise.all(flushes);
  expect(deployment.stats().frames.delivered).toBeGreaterThanOrEqual(19);
  await deployment.flush();
  expect(await storedRows(destination, "model_inputs")).toHaveLength(20_010);
});

test("a flush that cannot be done in time rejects with TIMEOUT, says why, and loses nothing", async () => {
  const { destination, options } = await scratch();
  writeFileSync(destination, "a file where a folder should be");
  const heard: CollectorError[] = [];
  await using deployment = await openDeployment(options({ onError: (error) => heard.push(error) }));
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  const error = await thrownBy(() => deployment.flush({ deadlineMs: 3_000 }));
  expect(error).toBeInstanceOf(CollectorError);
  expect(error.code).toBe("TIMEOUT");
  expect(error.message).toMatch(
    /^flush: 1 frame not yet in the destination after \d+ ms \(.+\); what is left is kept and tried again$/,
  );
  const { status, reasons } = deployment.status();
  expect(status).not.toBe("ok");
  // One for each object that cannot be put; the ledger's may be another.
  expect(reasons).not.toEqual([]);
  expect(reasons.filter((reason) => !reason.includes("something that is no folder is in the way"))).toEqual(
    [],
  );
  expect(heard.length).toBeGreaterThan(0);
  rmSync(destination);
  await deployment.flush();
  expect(deployment.status()).toMatchObject({ status: "ok", reasons: [] });
  expect(await storedRows(destination, "model_inputs")).toHaveLength(1);
  expectBalance(deployment.stats());
});

test("a flush to the spool cannot be done when the spool is in memory, and says so", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(options({ spool: { durability: "memory" } }));
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  const error = await thrownBy(() => deployment.flush({ to: "spool", deadlineMs: 10_000 }));
  expect(error).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining('durability "memory"') });
});

test("closing delivers, reports, and can be asked for twice; what comes later is a counted drop", async () => {
  const { destination, options } = await scratch();
  const heard: [string, string][] = [];
  const deployment = await openDeployment(
    options({ onError: (error, info) => heard.push([error.code, info.reason]) }),
  );
  const collector = deployment.collector("model_inputs");
  for (let i = 0; i < 25; i++) collector.collect([{ a: i }]);
  const [first, second] = [deployment.close(), deployment.close({ deadlineMs: 1 })];
  expect(deployment.status().status).toBe("closed");
  expect(collector.collect([{ a: -1 }])).toBeInstanceOf(CorrelationContext);
  expect(await first).toEqual({ delivered: 25, leftInSpool: 0, dropped: 1 });
  expect(await second).toBe(await first);
  expect(collector.collect([{ a: -1 }])).toBeInstanceOf(CorrelationContext);
  expect(collector.stats().frames.dropped).toEqual({ closed: 2 });
  expect(heard).toEqual([["FRAME_DROPPED", "closed"]]);
  expect(await storedRows(destination, "model_inputs")).toHaveLength(25);
  await deployment.flush();
  expectBalance(deployment.stats());
});

test("closing while the destination is out of reach leaves the data in the spool, for the next deployment", async () => {
  const { destination, options } = await scratch();
  writeFileSync(destination, "a file where a folder should be");
  const deployment = await openDeployment(options({ onError: () => {} }));
  deployment.collector("model_inputs").collect([{ a: 1 }, { a: 2 }]);
  const flushed = thrownBy(() => deployment.flush());
  expect(await deployment.close({ deadlineMs: 200 })).toEqual({ delivered: 0, leftInSpool: 1, dropped: 0 });
  expect(await flushed).toMatchObject({
    code: "CLOSED",
    message: expect.stringContaining("1 frame not in the destination"),
  });
  expect(await thrownBy(() => deployment.flush())).toMatchObject({ code: "CLOSED" });
  expectBalance(deployment.stats());
  rmSync(destination);
  const next = await openDeployment(options());
  await next.close();
  expect(next.status().recovered.delivered).toMatchObject({ frames: 1, rows: 2 });
  expect(next.stats().frames.offered).toBe(0);
  expect(await storedRows(destination, "model_inputs")).toHaveLength(2);
});

test("await using closes", async () => {
  const { destination, options } = await scratch();
  {
    await using deployment = await openDeployment(options());
    deployment.collector("model_inputs").collect([{ a: 1 }]);
  }
  expect(await storedRows(destination, "model_inputs")).toHaveLength(1);
});

test("update is in force for the next collect, and is stored with the rows", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ modelName: "late-arrival", modelVersion: "3" }));
  const collector = deployment.collector("model_inputs");
  collector.collect([{ a: 0 }]);
  expect(deployment.update({ modelVersion: "4" }).version).toBe(2);
  collector.collect([{ a: 1 }]);
  deployment.update({ samplingRate: 0 });
  collector.collect([{ a: 2 }]);
  deployment.update({ samplingRate: 0.999999 });
  collector.collect([{ a: 3 }], CorrelationContext.create({ id: "a" }));
  deployment.update({ collections: { MODEL_INPUTS: { enabled: false } } });
  expect(collector.enabled).toBe(false);
  collector.collect([{ a: 4 }]);
  deployment.update({ collections: { model_inputs: { enabled: true, samplingRate: 1 } } });
  expect(collector.enabled).toBe(true);
  collector.collect([{ a: 5 }]);
  await deployment.flush();
  const rows = await storedRows(destination, "model_inputs", {
    a: "float64",
    mdc_model_version: "string",
    mdc_config_version: "int32",
    mdc_sampling_rate: "float64",
  });
  const seen = rows
    .map((row) => [row["a"], row["mdc_model_version"], row["mdc_config_version"], row["mdc_sampling_rate"]])
    .sort((x, y) => Number(x[0]) - Number(y[0]));
  expect(seen).toEqual([
    [0, "3", 1, 1],
    [1, "4", 2, 1],
    [3, "4", 4, 0.999999],
    [5, "4", 6, 1],
  ]);
  expect(collector.stats().frames).toMatchObject({ offered: 6, sampledOut: 1, disabled: 1, delivered: 4 });
});

test("a bad update throws and changes nothing", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(options());
  const before = deployment.config;
  for (const patch of [
    { samplingRate: 2 },
    { samplingRat: 1 },
    { endpoint: "other" },
    { collections: { "a/b": {} } },
  ]) {
    const error = await thrownBy(() => deployment.update(patch as object));
    expect(error.message).toMatch(/^deployment\.update option/);
    expect(deployment.config).toBe(before);
  }
});

test("a smaller spool takes effect at once, as counted drops", async () => {
  const { options } = await scratch();
  const reasons: string[] = [];
  await using deployment = await openDeployment(
    options({ onError: (_, { reason }) => reasons.push(reason) }),
  );
  const collector = deployment.collector("model_inputs");
  const frame = { a: Float64Array.from({ length: 100_000 }, Math.random) };
  for (let i = 0; i < 3; i++) collector.collect(frame);
  await deployment.flush({ to: "spool" });
  expect(collector.stats().frames.spooled).toBe(3);
  deployment.update({ spool: { maxBytes: 1 << 20 } });
  collector.collect(frame);
  await deployment.flush({ to: "spool" });
  expect(collector.stats().frames).toMatchObject({ spooled: 3, dropped: { spool_full: 1 } });
  expect(reasons).toEqual(["spool_full"]);
  await deployment.flush();
  expect(collector.stats().frames.delivered).toBe(3);
});

test("with durability memory, data becomes files before it fills the memory it may take", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(
    options({ spool: { durability: "memory" }, limits: { maxMemoryBytes: 16 << 20 } }),
  );
  const collector = deployment.collector("model_inputs");
  const frame = { a: Float64Array.from({ length: 5_000 }, Math.random) };
  // Several times what may wait, and an hour before its time. Nobody asks for it: it has to make room by
  // itself.
  for (let i = 0; i < 500; i++) {
    collector.collect(frame);
    while (deployment.stats().bytes.buffered > 3 << 20) await new Promise((done) => setTimeout(done, 5));
  }
  expect(collector.stats().frames).toMatchObject({ offered: 500, dropped: {} });
  expect(collector.stats().frames.delivered).toBeGreaterThan(400);
});

test("rotation writes files by itself", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options({ rotation: { maxAgeMs: 50 } }));
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  const end = Date.now() + 20_000;
  while (parquetFiles(destination).length === 0 && Date.now() < end)
    await new Promise((r) => setTimeout(r, 20));
  expect(await storedRows(destination, "model_inputs")).toHaveLength(1);
});

test("one deployment has one collection of a name, however its case is", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const [one, two] = [
    deployment.collector("Model_Inputs"),
    new Collector({ name: "model_inputs", deployment }),
  ];
  one.collect([{ a: 1 }]);
  two.collect([{ a: 2 }]);
  await deployment.flush();
  expect(two.name).toBe("Model_Inputs");
  expect(one.stats()).toEqual(two.stats());
  expect(await storedRows(destination, "Model_Inputs")).toHaveLength(2);
});

test.each([
  [{ destination: 5 }, TypeError, "openDeployment option destination: expected a folder, a blob URL"],
  [{ destination: "" }, RangeError, "openDeployment option destination: expected a folder, a blob URL"],
  [{ endpoint: "a/b" }, RangeError, "openDeployment option endpoint: expected a name of 1 to 63"],
  [
    { samplingRate: "1" },
    TypeError,
    "openDeployment option samplingRate: expected a number from 0 to 1, got a text of 1 character",
  ],
  [
    { samplingRate: 1.5 },
    RangeError,
    "openDeployment option samplingRate: expected a number from 0 to 1, got 1.5",
  ],
  [
    { smaplingRate: 1 },
    RangeError,
    'expected a known name (did you mean "samplingRate"?), got "smaplingRate"',
  ],
  [{ spool: { durability: "always" } }, RangeError, "openDeployment option spool.durability: expected"],
  [{ limits: { maxFrameRows: 0 } }, RangeError, "openDeployment option limits.maxFrameRows: expected"],
  [
    { credential: 5, destination: "https://a.blob.core.windows.net/c" },
    TypeError,
    "openDeployment option credential: expected",
  ],
  [{ collections: { "../x": {} } }, RangeError, "openDeployment option collections"],
  [
    { onError: "log" },
    TypeError,
    "openDeployment option onError: expected a function, got a text of 3 characters",
  ],
])("openDeployment(%j) is refused with one clear error", async (options, kind, message) => {
  const error = await thrownBy(() => openDeployment(options as object));
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toContain(message);
  expect(error.code).toBe("INVALID_ARGUMENT");
});

test.each([
  [{}, TypeError, "Collector option name: expected a name of 1 to 63"],
  [{ name: "" }, RangeError, "Collector option name: expected a name of 1 to 63"],
  [{ name: "a..b" }, RangeError, "got a text of 4 characters"],
  [{ name: "a/b" }, RangeError, "got a text of 3 characters"],
  [{ name: "x".repeat(64) }, RangeError, "Collector option name"],
  [
    { name: "ok", deployment: {} },
    TypeError,
    "Collector option deployment: expected what openDeployment returned",
  ],
  [{ name: "ok", onError: 5 }, TypeError, "Collector option onError: expected a function, got a number"],
  [{ name: "ok", onErrors: () => {} }, RangeError, '"onErrors"'],
  [{ name: "ok", schema: { a: "int65" } }, RangeError, "Collector option schema"],
  [{ name: "ok", schema: 5 }, TypeError, "Collector option schema"],
  [{ name: "ok", redact: { a: "blur" } }, RangeError, "Collector option redact"],
  [undefined, TypeError, "Collector"],
])("new Collector(%j) is refused with one clear error", async (options, kind, message) => {
  const { options: deploymentOptions } = await scratch();
  await using deployment = await openDeployment(deploymentOptions());
  const given = options === undefined ? options : { deployment, ...options };
  const error = await thrownBy(() => new Collector(given as never));
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toContain(message);
});

test.each([
  ["MDC_SAMPLING_RATE", "2", "environment variable MDC_SAMPLING_RATE: expected a number from 0 to 1"],
  ["MDC_FORMAT", "csv", "environment variable MDC_FORMAT: expected"],
  ["MDC_ENDPOINT", "a/b", "environment variable MDC_ENDPOINT: expected a name"],
  ["MDC_DISABLED", "perhaps", "environment variable MDC_DISABLED: expected"],
  ["MDC_DESTINATION", "ftp://host/x", "environment variable MDC_DESTINATION: expected a folder"],
  [
    "AZURE_STORAGE_CONNECTION_STRING",
    "AccountKey=secret-canary",
    "environment variable AZURE_STORAGE_CONNECTION_STRING: expected",
  ],
])("a bad %s throws at construction, by its name", async (name, value, message) => {
  const { env } = await scratch();
  const { code, stdout, stderr } = await runScript(
    `import { Collector } from "model-data-collector";
     try { new Collector({ name: "a" }); } catch (error) { console.log(error.name, error.message); }`,
    { env: { ...env, [name]: value } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(message);
  expect(stdout).not.toContain("secret-canary");
});

test("the environment sets the process's own deployment", async () => {
  const { env, destination } = await scratch();
  const variables = {
    MDC_ENDPOINT: "flights",
    MDC_DEPLOYMENT: "blue",
    MDC_MODEL_NAME: "late",
    MDC_MODEL_VERSION: "9",
  };
  const script = `import { Collector } from "model-data-collector";
    const one = new Collector({ name: "model_inputs" });
    for (let i = 0; i < 200; i++) one.collect([{ a: i }]);
    console.log(JSON.stringify(one.stats().frames));`;
  const { stdout } = await runScript(script, { env: { ...env, ...variables, MDC_SAMPLING_RATE: "0.5" } });
  const { sampledOut } = JSON.parse(stdout) as { sampledOut: number };
  expect(sampledOut).toBeGreaterThan(50);
  const rows = await storedRows(destination, "model_inputs", {
    mdc_endpoint: "string",
    mdc_deployment: "string",
    mdc_model_name: "string",
    mdc_model_version: "string",
    mdc_sampling_rate: "float64",
  });
  expect(rows).toHaveLength(200 - sampledOut);
  expect(rows[0]).toMatchObject({
    mdc_endpoint: "flights",
    mdc_deployment: "blue",
    mdc_model_name: "late",
    mdc_model_version: "9",
    mdc_sampling_rate: 0.5,
  });
  expect(parquetFiles(destination)[0]).toContain("/flights/blue/model_inputs/inference_date=");
});

test("MDC_DISABLED switches everything off: frames are counted, and nothing is stored", async () => {
  const { env, destination } = await scratch();
  const script = `import { Collector } from "model-data-collector";
    const one = new Collector({ name: "model_inputs" });
    const context = one.collect([{ a: 1 }, { a: 2 }]);
    console.log(JSON.stringify([one.enabled, typeof context.id, one.stats().frames.disabled, one.stats().rows.disabled]));`;
  const { code, stdout, stderr } = await runScript(script, { env: { ...env, MDC_DISABLED: "1" } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual([false, "string", 1, 2]);
  expect(parquetFiles(destination)).toEqual([]);
});

test("a deployment shows no secret, however it is printed", async () => {
  const { spool } = await scratch();
  const key = Buffer.from("secret-canary-key").toString("base64");
  const heard: unknown[] = [];
  const deployment = await openDeployment({
    destination: "http://127.0.0.1:9/account/container?sv=2022&sig=secret-canary-sig",
    credential: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${key};BlobEndpoint=http://127.0.0.1:9/account`,
    spool: { directory: spool },
    onError: (error, info) => heard.push(error, info, error.cause),
  });
  const collector = deployment.collector("model_inputs");
  collector.collect([{ a: 1 }]);
  const error = await thrownBy(() => deployment.flush({ deadlineMs: 3_000 }));
  const { config } = deployment;
  const shown = [deployment, collector, config, deployment.status(), deployment.stats(), error, heard];
  const text = shown
    .map((each) => `${inspect(each, { depth: 9, showHidden: true })} ${JSON.stringify(each)}`)
    .join("\n");
  await deployment.close({ deadlineMs: 0 });
  expect(heard.length).toBeGreaterThan(0);
  expect(text).not.toContain("secret-canary");
  expect(text).not.toContain(key);
});
