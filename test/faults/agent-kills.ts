import { once } from "node:events";
import { join } from "node:path";
import { runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { duckdbSql } from "../support/parquet-engines.ts";
import { until } from "../support/scratch.ts";
import { startSidecar } from "../support/sidecar-process.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import type { Outcome } from "./outcome.ts";

/** Senders that post at the same time, each one frame after the other. */
const senders = 4;

/**
 * SIGKILL of `mdc sidecar --agent` under load, 20 to 320 ms after its first answer, each time followed by the next
 * one over the same spool: every frame that was answered must be stored once, and none twice.
 */
export async function killsOfAgent(kills: number): Promise<Outcome> {
  await using folder = await disposableFolder();
  const [destination, spool] = [join(folder.path, "collected"), join(folder.path, "spool")];
  const random = seeded(kills);
  const offered = new Set<string>();
  const answered = new Set<string>();
  const refused: string[] = [];
  let fired = 0;
  for (let life = 0; life < kills; life++) {
    const sidecar = await startSidecar(destination, spool, ["--agent", "127.0.0.1:0"]);
    const url = `${sidecar.urls["agent"]}/modeldata/log`;
    const before = answered.size;
    const posting = Array.from({ length: senders }, async (_, sender) => {
      for (let n = 0; ; n++) {
        const id = `${life}-${sender}-${n}`;
        offered.add(id);
        const status = await post(url, id, n);
        if (status === undefined) return;
        if (status === 200) answered.add(id);
        else refused.push(`${id}: ${status}`);
      }
    });
    // The first answer waits for the background thread.
    await until(() => answered.size > before);
    await new Promise((resolve) => setTimeout(resolve, 20 + random(300)));
    const exited = once(sidecar.process, "exit");
    sidecar.process.kill("SIGKILL");
    const [, signal] = (await exited) as [unknown, string | null];
    await Promise.all(posting);
    if (signal === "SIGKILL") fired++;
  }
  const drained = await runNode([
    ...[join(root, "dist/cli/main.js"), "spool", "drain", "--root", destination, "--spool", spool],
  ]);
  const stored = await counts(destination);
  const lost = [...answered].filter((id) => !stored.has(id));
  const duplicated = [...stored].filter(([, count]) => count > 1);
  const invented = [...stored.keys()].filter((id) => !offered.has(id));
  const problem = (what: string, ids: readonly unknown[]): string[] =>
    ids.length === 0 ? [] : [`${ids.length} ${what}: ${ids.slice(0, 5).join(", ")}`];
  return {
    fault: "SIGKILL of mdc sidecar --agent",
    injected: kills,
    fired,
    offered: offered.size,
    acknowledged: answered.size,
    lost: lost.length,
    duplicated: duplicated.length,
    invented: invented.length,
    figure: `${stored.size - answered.size + lost.length} frames stored whose answers were lost`,
    problems: [
      ...problem("answered frames are lost", lost),
      ...problem("frames are stored twice", duplicated),
      ...problem("frames are stored that nobody sent", invented),
      ...problem("frames were refused", refused),
      ...(drained.code === 0 ? [] : [`mdc spool drain ended with ${drained.code}: ${drained.stderr}`]),
      ...(fired === 0 ? ["the fault never happened: the run is void"] : []),
    ],
  };
}

/** The answer's status; undefined if there was none. */
async function post(url: string, id: string, n: number): Promise<number | undefined> {
  try {
    const headers = {
      "content-type": "application/json",
      "ce-type": "azureml.inference.model_inputs",
      "ce-x-request-id": id,
    };
    const answer = await fetch(url, {
      method: "POST",
      headers,
      body: `[{"n":${n},"share":0.5,"id":"${id}"}]`,
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}

async function counts(destination: string): Promise<ReadonlyMap<string, number>> {
  const rows = await duckdbSql(
    `select id, count(*) as n from read_parquet('${destination}/flights/blue/model_inputs/**/*.parquet') group by id`,
  );
  return new Map(rows.map(({ id, n }) => [String(id), Number(n)]));
}
