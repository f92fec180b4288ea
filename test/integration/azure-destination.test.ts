import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import type { ContainerClient } from "@azure/storage-blob";
import { openDeployment } from "model-data-collector";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, azuriteKey, startAzurite } from "../support/azurite.ts";
import { expectBalance, runScript, scratch, storedRows, until } from "../support/scratch.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

/** Copies a container into a folder. */
async function download(container: ContainerClient, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await container.getBlobClient(name).downloadToBuffer());
    names.push(name);
  }
  return names;
}

/** All bytes of all files below a folder. */
function everyByte(folder: string): Buffer {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return Buffer.concat(paths.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path)));
}

test("a connection string: frames arrive once, as files with their facts beside them", async () => {
  const { spool, folder } = await scratch();
  const container = await azurite.container("connection");
  await using deployment = await openDeployment({
    destination: `${azurite.url}/connection/some/prefix`,
    credential: azurite.connectionString,
    spool: { directory: spool },
    endpoint: "flights",
  });
  const collector = deployment.collector("model_inputs");
  for (let i = 0; i < 100; i++) collector.collect([{ a: i, s: `row ${i}` }]);
  await deployment.flush();
  expect(deployment.stats().frames).toMatchObject({ offered: 100, delivered: 100 });
  expect(deployment.status()).toMatchObject({ status: "ok", reasons: [] });
  const names = await download(container, folder);
  const types = "some/prefix/flights/default/_schema/model_inputs/schema-000001.json";
  expect(names).toContain(types);
  const data = names.filter((name) => name !== types && !name.includes("/_ledger/"));
  expect(
    data.every((name) => name.startsWith("some/prefix/flights/default/model_inputs/inference_date=")),
  ).toBe(true);
  expect(await storedRows(join(folder, "some"), "model_inputs", { a: "float64" })).toHaveLength(100);
  const file = names.find((name) => name.endsWith(".parquet")) ?? "";
  const { metadata, contentType } = await container.getBlobClient(file).getProperties();
  expect(metadata).toMatchObject({ rows: "100", segment: /-([0-9a-f]{32})\.parquet$/.exec(file)?.[1] });
  expect(contentType).toBe("application/vnd.apache.parquet");
});

test("a large payload of a record is a blob of its own, at the URL in the record, which holds no signature", async () => {
  const { spool } = await scratch();
  const container = await azurite.container("beside");
  const url = `${azurite.url}/beside/some/prefix`;
  await using deployment = await openDeployment({
    destination: `${url}?${azurite.sas("beside", { permissions: "rcwl" })}`,
    format: "jsonl",
    spool: { directory: spool },
    endpoint: "flights",
  });
  const large = Array.from({ length: 5_000 }, (_, row) => `${row} ${"x".repeat(1_000)}`);
  const collector = deployment.collector("model_inputs");
  // If there were no rows in any record of a file, those of the first would be: now and then, the small batch is
  // in a file of its own.
  for (let round = 0; round < 5; round++) {
    collector.collect({ text: large });
    collector.collect([{ text: "small" }]);
    await deployment.flush();
  }
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  const files = names.filter((name) => name.endsWith(".jsonl") && !name.includes("/_ledger/"));
  const texts = await Promise.all(files.map((file) => container.getBlobClient(file).downloadToBuffer()));
  const lines = texts.flatMap((text) => String(text).trimEnd().split("\n"));
  const records = lines.map((line) => JSON.parse(line) as Record<string, string>);
  expect(records).toHaveLength(10);
  const { dataref = "", contentrange = "" } = records.find((one) => one["dataref"] !== undefined) ?? {};
  expect(dataref).toMatch(
    new RegExp(
      `^${url}/flights/default/model_inputs/\\d{4}/\\d\\d/\\d\\d/\\d\\d/[0-9a-f]{32}\\d{6}-000000\\.json$`,
    ),
  );
  const name = dataref.slice(`${azurite.url}/beside/`.length);
  const blob = await container.getBlobClient(name).downloadToBuffer();
  expect(JSON.parse(String(blob))).toEqual(large.map((text) => ({ text })));
  expect(contentrange).toBe(`bytes 0-${blob.length - 1}/${blob.length}`);
  const { contentType, metadata } = await container.getBlobClient(name).getProperties();
  expect({ contentType, rows: metadata?.["rows"] }).toEqual({
    contentType: "application/json",
    rows: "5001",
  });
});

test("a shared access signature that may only create and read is enough, in the URL or the environment", async () => {
  const { env, folder } = await scratch();
  const container = await azurite.container("signature");
  const signature = azurite.sas("signature", { permissions: "rc" });
  const script = `import { Collector } from "model-data-collector";
    new Collector({ name: "model_inputs" }).collect([{ a: 1 }]);`;
  const url = `${azurite.url}/signature`;
  const first = await runScript(script, { env: { ...env, MDC_DESTINATION: `${url}?${signature}` } });
  expect(first).toMatchObject({ code: 0, stderr: "" });
  const second = await runScript(script, {
    env: { ...env, MDC_DESTINATION: url, AZURE_STORAGE_SAS_TOKEN: signature },
  });
  expect(second).toMatchObject({ code: 0, stderr: "" });
  await download(container, folder);
  expect(await storedRows(folder, "model_inputs")).toHaveLength(2);
});

test("a missing container is a failing status with a helpful reason; once it is there, the data is delivered", async () => {
  const { spool, folder } = await scratch();
  const heard: string[] = [];
  await using deployment = await openDeployment({
    destination: `${azurite.url}/not-yet`,
    credential: azurite.connectionString,
    spool: { directory: spool },
    onError: (error) => heard.push(`${error.code} ${error.message}`),
  });
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  await expect(deployment.flush({ deadlineMs: 2_000 })).rejects.toMatchObject({ code: "TIMEOUT" });
  const { status, reasons } = deployment.status();
  expect(status).toBe("failing");
  expect(reasons.join()).toMatch(/container/i);
  expect(heard.join("\n")).toMatch(/DELIVERY_BLOCKED .*container.* the data is kept/is);
  const container = await azurite.container("not-yet");
  await deployment.flush();
  expect(deployment.status().status).toBe("ok");
  await download(container, folder);
  expect(await storedRows(folder, "model_inputs")).toHaveLength(1);
  expectBalance(deployment.stats());
});

test("a server that is gone for a while costs nothing but time", async () => {
  const { spool, folder } = await scratch();
  const container = await azurite.container("outage");
  await using deployment = await openDeployment({
    destination: `${azurite.url}/outage`,
    credential: azurite.connectionString,
    spool: { directory: spool },
    rotation: { maxAgeMs: 100 },
    onError: () => {},
  });
  const collector = deployment.collector("model_inputs");
  collector.collect([{ a: 0 }]);
  await deployment.flush();
  await azurite.halt();
  for (let i = 1; i < 5; i++) {
    collector.collect([{ a: i }]);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await until(() => deployment.status().status === "degraded");
  await azurite.start();
  await deployment.flush();
  expect(deployment.stats().frames).toMatchObject({ offered: 5, delivered: 5 });
  await download(container, folder);
  expect(await storedRows(folder, "model_inputs")).toHaveLength(5);
});

test("a wrong key is a failing status, and no secret is anywhere: not in errors, status, config, spool or files", async () => {
  const { spool, folder } = await scratch();
  const wrong = Buffer.from("secret-canary-secret-canary-secret").toString("base64");
  const shown: unknown[] = [];
  const deployment = await openDeployment({
    destination: `${azurite.url}/connection`,
    credential: azurite.connectionString.replace(azuriteKey, wrong),
    spool: { directory: spool },
    onError: (error, info) => shown.push(error, error.cause, info),
  });
  deployment.collector("model_inputs").collect([{ a: 1 }]);
  const error = await deployment.flush({ deadlineMs: 2_000 }).catch((thrown: unknown) => thrown);
  expect(deployment.status().status).toBe("failing");
  shown.push(error, deployment, deployment.status(), deployment.config, deployment.stats());
  const text = shown
    .map((each) => `${inspect(each, { depth: 9, showHidden: true })} ${JSON.stringify(each)}`)
    .join("\n");
  await deployment.close({ deadlineMs: 100 });
  expect(text).not.toContain(wrong);
  expect(text).not.toContain("secret-canary");
  expect(text).not.toMatch(/sig=|AccountKey/);
  expect(everyByte(folder).includes(wrong)).toBe(false);
});

test("why the caller's credential gives no token is told as it is, and nothing else that it threw", async () => {
  const failing = (name: string, message: string): Promise<never> =>
    Promise.reject(Object.assign(new Error(message), { name }));
  for (const [name, message, expected] of [
    [
      "CredentialUnavailableError",
      "a-secret",
      "CredentialUnavailableError: sign in, or set up a managed identity",
    ],
    ["AuthenticationRequiredError", "AADSTS700016: a-secret", "AuthenticationRequiredError, AADSTS700016"],
    [
      "AggregateAuthenticationError",
      "Tried\nAADSTS700024: a-secret",
      "AggregateAuthenticationError, AADSTS700024",
    ],
  ] as const) {
    const { spool } = await scratch();
    const heard: string[] = [];
    await using deployment = await openDeployment({
      destination: "https://account.blob.core.windows.net/container",
      credential: { getToken: () => failing(name, message) },
      spool: { directory: spool },
      onError: ({ message }) => heard.push(message),
    });
    deployment.collector("model_inputs").collect([{ a: 1 }]);
    // Not only when its file is due.
    void deployment.flush().catch(() => {});
    await until(() => heard.length > 0 && deployment.status().reasons.length > 0);
    expect(heard.join(), name).toContain(expected);
    expect(heard.join() + inspect(deployment.status()), name).not.toContain("a-secret");
    await deployment.close({ deadlineMs: 0 }).catch(() => {});
  }
});
