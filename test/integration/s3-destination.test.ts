import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { createS3Store } from "../../src/store/s3/s3-store.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { disposableFolder } from "../support/temp-folder.ts";

const root = join(import.meta.dirname, "../..");
const mdc = join(root, "dist/cli/main.js");

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(async () => {
  await server?.stop();
});

test("what is collected in a process arrives in S3, with AWS's own variables, and is read back from there", async () => {
  await using folder = await disposableFolder();
  const { endpoint, bucket, keys } = server;
  const { accessKeyId, secretAccessKey } = keys;
  const sessionToken = "c4n4ryT0ken//////////wEaCXVzLWVhc3QtMSJHMEUCIQDexample==";
  const env = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    MDC_DESTINATION: `s3://${bucket}/team`,
    MDC_SPOOL_DIR: join(folder.path, "spool"),
  };
  const code = `
    import { openDeployment } from ${JSON.stringify(join(root, "dist/index.js"))};
    const deployment = await openDeployment({ endpoint: "e", deployment: "d" });
    const collector = deployment.collector("inputs");
    for (let i = 0; i < 100; i++) collector.collect([{ a: i }]);
    await deployment.close({ deadlineMs: 30_000 });
    console.log(JSON.stringify(deployment.stats()));
  `;
  const collected = await runNode(["--input-type=module", "-e", code], { env });
  expect(JSON.parse(collected.stdout)).toMatchObject({ rows: { delivered: 100 } });
  const read = await runNode([mdc, "sql", "select count(*) n, sum(a) s from inputs", "--json"], { env });
  expect(JSON.parse(read.stdout)).toEqual([{ n: 100, s: 4950 }]);
  const ddl = await runNode([mdc, "ddl", "--engine", "duckdb"], { env });
  expect(ddl.stdout).toContain("SECRET (TYPE s3, PROVIDER credential_chain);");
  expect(ddl.stdout).toContain(`read_parquet('s3://${bucket}/team/e/d/inputs/inference_date=*/`);
  const synapse = await runNode([mdc, "ddl", "--engine", "synapse"], { env });
  expect(synapse).toMatchObject({ code: 2, stderr: expect.stringContaining(`s3://${bucket}/team is none`) });
  const doctor = await runNode([mdc, "doctor"], { env });
  expect(doctor.stdout).toContain(`s3://${bucket}/team answers`);
  expect(doctor.stdout).toContain("its server keeps to If-None-Match");
  const store = createS3Store({ bucket, prefix: "team", endpoint, region: null, keys });
  const stored: string[] = [];
  for await (const { path } of store.list("")) {
    stored.push(path, Buffer.from(await store.get(path)).toString("latin1"));
  }
  await store.close();
  expect(stored.length).toBeGreaterThan(2);
  const told = [collected, read, ddl, doctor].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  for (const text of [...told, ...stored]) {
    for (const secret of [secretAccessKey, sessionToken]) expect(text).not.toContain(secret);
  }
}, 120_000);
