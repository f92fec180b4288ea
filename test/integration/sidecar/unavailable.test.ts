import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { proxySidecar } from "../../support/proxy-sidecar.ts";
import { scratch } from "../../support/scratch.ts";
import { sidecarForTest } from "../../support/sidecar-process.ts";

/** A server that accepts no more connections: its process is stopped, and the kernel keeps only two for it. */
async function deafTarget(): Promise<string> {
  const code = `
    const server = require("node:net").createServer().listen(0, "127.0.0.1", 1, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["--eval", code], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(said.toString());
  child.kill("SIGSTOP");
  for (let accepted = true; accepted; ) {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    accepted = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 300)),
    ]);
  }
  return `http://127.0.0.1:${port}`;
}

test.runIf(process.platform === "linux")(
  "a target that accepts no connection is answered for with 504, and a row of outcome timeout",
  async () => {
    const sidecar = await proxySidecar(await deafTarget());
    const answer = await fetch(`http://127.0.0.1:${sidecar.port}/score`, {
      ...{ method: "POST", body: '{"a":1}' },
      headers: { "content-type": "application/json", "x-request-id": "deaf" },
    });
    expect([answer.status, await answer.text()]).toEqual([
      504,
      "the target does not accept the connection in time\n",
    ]);
    const { requests, responses } = await sidecar.stored();
    const both = { mdc_correlation_id: "deaf", body_truncated: false };
    expect(requests).toEqual([expect.objectContaining({ ...both, body: '{"a":1}' })]);
    expect(responses).toEqual([
      expect.objectContaining({
        ...{ ...both, http_status: 504n, outcome: "timeout", content_type: "text/plain; charset=utf-8" },
        body: "the target does not accept the connection in time\n",
      }),
    ]);
    expect(Number(responses[0]?.["duration_ms"])).toBeGreaterThanOrEqual(10_000);
  },
);

test("a spool that is full is answered with 503, and each frame that was answered with 200 is stored once", async () => {
  const { folder, destination, spool } = await scratch();
  // Where a file is, no folder can be made: nothing is delivered until it goes.
  writeFileSync(destination, "in the way");
  const config = join(folder, "small.mdc.yml");
  writeFileSync(config, "spool:\n  max_bytes: 1048576\n");
  const sidecar = await sidecarForTest(destination, spool, ["--agent", "127.0.0.1:0"], {
    MDC_CONFIG: config,
  });
  const post = (n: number): Promise<Response> =>
    fetch(`${sidecar.urls["agent"]}/modeldata/log`, {
      method: "POST",
      body: JSON.stringify([{ n, text: String(n).padEnd(60_000, "x") }]),
      headers: { "content-type": "application/json", "ce-type": "azureml.inference.model_inputs" },
    });
  const taken: number[] = [];
  const refused: number[] = [];
  for (let n = 0; refused.length < 3 && n < 100; n++) {
    const answer = await post(n);
    if (answer.status === 200) taken.push(n);
    else {
      refused.push(n);
      expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([
        503,
        "1",
        "the frame could not be put into the spool\n",
      ]);
    }
  }
  expect([taken.length > 5, refused.length]).toEqual([true, 3]);
  expect(sidecar.told()).toContain("spool_full");
  rmSync(destination);
  mkdirSync(destination);
  expect(await sidecar.end()).toBe(0);
  const rows = await duckdbCollection(destination, "model_inputs");
  expect(rows.map((row) => Number(row["n"])).sort((a, b) => a - b)).toEqual(taken);
});
