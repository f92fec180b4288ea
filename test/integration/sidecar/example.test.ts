import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../../support/packed-project.ts";
import { proxySidecar } from "../../support/proxy-sidecar.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.runIf(hasPython)("examples/sidecar: a server in Python is logged, and changes nothing", async () => {
  const model = spawn("python3", [join(root, "examples/sidecar/model.py")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PORT: "0" },
  });
  onTestFinished(() => void model.kill("SIGKILL"));
  const target = await firstLine(model);
  const sidecar = await proxySidecar(target);
  const flights = {
    flights: [
      { origin: "JFK", distance: 2475 },
      { origin: "SEA", distance: 404 },
    ],
  };
  const ask = async (url: string, id: string): Promise<{ head: Record<string, string>; body: string }> => {
    const headers = { "content-type": "application/json", "x-request-id": id };
    const answer = await fetch(`${url}/score`, { method: "POST", headers, body: JSON.stringify(flights) });
    const { date: _, connection: _c, "keep-alive": _k, ...head } = Object.fromEntries(answer.headers);
    return { head, body: await answer.text() };
  };
  const direct = await ask(target, "direct");
  expect(direct.body).toBe('{"late": [true, false]}');
  for (let i = 0; i < 5; i++)
    expect(await ask(`http://127.0.0.1:${sidecar.port}`, `order-${i}`)).toEqual(direct);
  const { requests, responses } = await sidecar.stored();
  const ids = ["order-0", "order-1", "order-2", "order-3", "order-4"];
  for (const rows of [requests, responses])
    expect(rows.map((row) => String(row["mdc_correlation_id"])).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      ids,
    );
  expect(requests.map(({ body }) => body)).toEqual(ids.map(() => JSON.stringify(flights)));
  expect(responses.map(({ body }) => body)).toEqual(ids.map(() => direct.body));
});

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return /^listening on (\S+)/.exec(chunk.toString())?.[1] ?? "";
}
