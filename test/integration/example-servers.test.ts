import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { nodeFor } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** The examples that are servers: started, asked and stopped as a person would. */

const posix = process.platform !== "win32"; // There, a signal ends a process without asking it.

test.runIf(posix).each(["fastify/server.ts", "express/server.js"])(
  "examples/%s collects what it scores",
  async (example) => {
    await using folder = await disposableFolder();
    const destination = join(folder.path, "collected");
    const file = join(root, "examples", example);
    const child = spawn(nodeFor(file), [file], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PORT: "0",
        MDC_DESTINATION: destination,
        MDC_SPOOL_DIR: join(folder.path, "spool"),
      },
    });
    const said = follow(child);
    try {
      const address = /^listening on (http:\S+)$/.exec(await said.next())?.[1];
      const flights = [
        { origin: "JFK", distance: 2475 },
        { origin: "SEA", distance: 404 },
      ];
      const answers = await Promise.all(
        ["order-17", "order-18"].map(async (id) => {
          const response = await fetch(`${address}/score`, {
            method: "POST",
            headers: { "content-type": "application/json", "x-request-id": id },
            body: JSON.stringify(flights),
          });
          return response.json();
        }),
      );
      const health = await fetch(`${address}/health`);
      expect(await health.json()).toMatchObject({ status: "ok" });
      expect((await fetch(`${address}/score`, { method: "POST" })).ok).toBe(false);

      child.kill("SIGTERM");
      expect(await said.next()).toBe("frames: 10 delivered, 0 left in the spool, 0 dropped");
      const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
      expect([code, said.errors()]).toEqual([0, ""]);

      await using data = await openDataset(destination);
      for (const [index, id] of ["order-17", "order-18"].entries()) {
        const { records } = await data.trace(id);
        const found = Object.fromEntries(records.map(({ collection, rows }) => [collection, rows]));
        expect(found).toMatchObject({
          request: [{ http_path: "/score", http_route: "/score", body: JSON.stringify(flights) }],
          model_inputs: flights,
          model_outputs: answers[index] as object[],
          response: [{ http_status: 200n, body: JSON.stringify(answers[index]), outcome: "complete" }],
        });
        expect(records).toHaveLength(4);
      }
    } finally {
      child.kill("SIGKILL");
    }
  },
);

/** What a child prints, a line at a time; its end is an empty line. */
function follow(child: ChildProcess): { next(): Promise<string>; errors(): string } {
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the example has ended: ${errors}`);
      return value;
    },
    errors: () => errors,
  };
}
