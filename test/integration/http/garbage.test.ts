import { expect, test } from "vitest";
import { runScript, scratch } from "../../support/scratch.ts";

/** Prints by how much the old generation grew, bytes an exchange, while young garbage alone was collected. */
const server = (imports: string, served: string): string => `
import { Agent, createServer, request } from "node:http";
import { getHeapSpaceStatistics } from "node:v8";
${imports}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const post = () => new Promise((resolve) => {
  const { port } = served.address();
  request({ port, agent, method: "POST" }, (response) => response.resume().on("end", resolve)).end("{}");
});
const listener = (request, response) => request.resume().on("end", () => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("data: 1\\n\\n");
  response.end("data: 2\\n\\n");
});
const oldBytes = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space").space_used_size;
const served = createServer(${served});
await new Promise((resolve) => served.listen(0, resolve));
const exchanges = async (count) => {
  for (let i = 0; i < count; i += 4) {
    await Promise.all([post(), post(), post(), post()]);
    if (i % 100 === 0) gc({ type: "minor" });
  }
};
await exchanges(500);
gc();
const before = oldBytes();
await exchanges(1_500);
console.log((oldBytes() - before) / 1_500);
agent.destroy();
served.close();
`;

test.each([
  [
    "node:http",
    'import { nodePayloadLogging } from "model-data-collector/http";',
    "nodePayloadLogging(listener)",
  ],
  [
    "Express",
    'import express from "express"; import { expressPayloadLogging } from "model-data-collector/http";',
    'express().use(expressPayloadLogging()).post("/", listener)',
  ],
])("%s: an exchange that is over is young garbage: nothing old keeps it", async (_name, imports, served) => {
  const { env } = await scratch();
  const { stdout, stderr } = await runScript(server(imports, served), {
    args: ["--expose-gc", "--initial-old-space-size=1000"],
    env,
  });
  expect(stderr).toBe("");
  // It is 6,000 where each exchange survives. The old generation has room enough not to be collected itself.
  expect(Number(stdout)).toBeLessThan(2_000);
});
