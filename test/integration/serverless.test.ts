import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ts from "typescript";
import { openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { root } from "../support/packed-project.ts";
import { runScript, scratch, storedRows } from "../support/scratch.ts";

/** The TypeScript of `docs/serverless.md`, as JavaScript. */
const snippets = [
  ...readFileSync(join(root, "docs/serverless.md"), "utf8").matchAll(/^```ts\n([^]*?)^```/gm),
].map(([, code = ""]) => {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  return ts.transpileModule(code, { compilerOptions }).outputText;
});

test("the documented handler has delivered inputs and outputs of a request when it answers", async () => {
  const { destination, env } = await scratch();
  const { code, stdout, stderr } = await runScript(
    `globalThis.predict = async (rows) => rows.map(({ a }) => ({ b: a * 2 }));
    ${snippets[0]}
    for (let i = 0; i < 3; i++) {
      const headers = { "x-request-id": "platform-" + i, "x-ms-client-request-id": "caller-" + i };
      console.log((await handler({ headers, body: JSON.stringify([{ a: i }]) })).body);
    }
    // No end of the process delivers anything now.
    process.kill(process.pid, "SIGKILL");`,
    { env },
  );
  expect({ code, stderr }).toEqual({ code: null, stderr: "" });
  expect(stdout).toBe('[{"b":0}]\n[{"b":2}]\n[{"b":4}]\n');
  const types = { mdc_request_id: "string", mdc_client_request_id: "string" };
  for (const collection of ["model_inputs", "model_outputs"]) {
    const rows = await storedRows(destination, collection, types);
    expect(rows.map((row) => [row["mdc_request_id"], row["mdc_client_request_id"]])).toEqual(
      [0, 1, 2].map((i) => [`platform-${i}`, `caller-${i}`]),
    );
  }
});

test("what waitUntil was given is settled when all is at the destination", async () => {
  const { destination, options } = await scratch();
  const promises: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>): void => void promises.push(promise);
  await using deployment = await openDeployment(options({ waitUntil }));
  const inputs = deployment.collector("model_inputs");
  for (let i = 0; i < 20; i++) inputs.collect([{ a: i }]);
  expect(promises).toHaveLength(1);
  await promises[0];
  expect(await storedRows(destination, "model_inputs")).toHaveLength(20);
  inputs.collect([{ a: 20 }]);
  expect(promises).toHaveLength(2);
  await promises[1];
  expect(await storedRows(destination, "model_inputs")).toHaveLength(21);
});

test.skipIf(process.platform === "win32")(
  "a process that is frozen again and again, past every timer, loses nothing and raises no alarm",
  async () => {
    const { destination, env } = await scratch();
    const body = `
      import { Collector } from "model-data-collector";
      const inputs = new Collector({ name: "model_inputs" });
      for (let i = 0; i < 60; i++) {
        inputs.collect([{ a: i }]);
        // Under way while it is frozen, as what a handler did not wait for; its deadline passes meanwhile.
        if (i % 20 === 10) {
          inputs.flush({ deadlineMs: 1_000 }).catch(({ code }) => console.error("flush", code));
          console.log("freeze");
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(JSON.stringify(await inputs.flush()));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", body], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    let [stdout, stderr] = ["", ""];
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (!text.includes("freeze")) return;
      child.kill("SIGSTOP");
      // Longer than the background thread is given to answer, and than a flush waits beyond its deadline.
      void sleep(6_000).then(() => child.kill("SIGCONT"));
    });
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(0);
    expect(stderr.replaceAll("flush TIMEOUT\n", "")).toBe("");
    expect(stdout).toContain('{"delivered":60,"leftInSpool":0,"dropped":0}');
    expect(await storedRows(destination, "model_inputs")).toHaveLength(60);
  },
  120_000,
);
