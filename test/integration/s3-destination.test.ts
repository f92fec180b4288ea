import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runNode } from "../support/child.ts";
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
  const { accessKeyId, secretAccessKey } = server.keys;
  const env = {
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    MDC_DESTINATION: `s3://${server.bucket}/team`,
    MDC_SPOOL_DIR: join(folder.path, "spool"),
  };
  const code = `
    import { openDeployment } from ${JSON.stringify(join(root, "dist/index.js"))};
    const deployment = await openDeployment({ endpoint: "e", deployment: "d" });
    const collector = deployment.collector("inputs");
    for (let i = 0; i < 100; i++) collector.collect([{ a: i }]);
    await deployment.close({ deadlineMs: 30_000 });
    console.log(deployment.stats().rows.delivered);
  `;
  const collected = await runNode(["--input-type=module", "-e", code], { env });
  expect(collected.stdout.trim()).toBe("100");
  const read = await runNode([mdc, "sql", "select count(*) n, sum(a) s from inputs", "--json"], { env });
  expect(JSON.parse(read.stdout)).toEqual([{ n: 100, s: 4950 }]);
  const doctor = await runNode([mdc, "doctor"], { env });
  expect(doctor.stdout).toContain(`s3://${server.bucket}/team answers`);
  for (const { stdout, stderr } of [collected, read, doctor]) {
    expect(stdout + stderr).not.toContain(secretAccessKey);
  }
}, 120_000);
