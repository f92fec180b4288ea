import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { duckdbCollection } from "../support/parquet-engines.ts";
import { type SidecarProcess, startSidecar } from "../support/sidecar-process.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import type { Outcome } from "./outcome.ts";

/** What was answered this long before a kill must be stored: busy machines start the background thread late. */
const maxWindowMs = 1_500;
/** Requests under way at the same time. */
const clients = 8;

/** SIGKILL of `mdc sidecar` under load, at random moments; every exchange leaves one row on each side, or none. */
export async function sidecarKills(kills: number): Promise<Outcome> {
  await using folder = await disposableFolder();
  const target = createServer((asked, answer) => {
    asked.resume();
    asked.on("end", () => answer.end("ok"));
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  const [destination, spool] = [join(folder.path, "collected"), join(folder.path, "spool")];
  const args = ["--target", url, "--listen", "127.0.0.1:0", "--deadline", "120"];
  const start = (): Promise<SidecarProcess> => startSidecar(destination, spool, args);

  const random = seeded(kills);
  const offered = new Set<string>();
  /** By id: how long before the kill its answer had come whole. */
  const answered = new Map<string, number>();
  let fired = 0;
  for (let kill = 0; kill < kills; kill++) {
    const sidecar = await start();
    const load = new Load(sidecar.urls["listen"] ?? "", `kill-${kill}`);
    await sleep(1_800 + random(1_000));
    for (const end = performance.now() + 20_000; !load.isOld() && performance.now() < end; ) await sleep(50);
    const exit = once(sidecar.process, "exit");
    sidecar.process.kill("SIGKILL");
    const killedAt = performance.now();
    if ((await exit)[1] === "SIGKILL") fired++;
    await load.end();
    for (const id of load.offered) offered.add(id);
    for (const [id, at] of load.answered) answered.set(id, killedAt - at);
  }
  const problems: string[] = [];
  const heir = await start();
  const code = await heir.end();
  if (code !== 0) problems.push(`the last sidecar ended with ${code}: ${heir.told()}`);
  target.close();
  target.closeAllConnections();

  const stored = await Promise.all(
    ["request", "response"].map(async (name) => idsOf(await duckdbCollection(destination, name))),
  );
  const windows = [...answered].filter(([id]) => stored.some((ids) => !ids.has(id))).map(([, ms]) => ms);
  const lost = windows.filter((ms) => ms > maxWindowMs).length;
  const duplicated = stored.flatMap((ids) => [...ids.values()]).filter((count) => count > 1).length;
  const invented = stored.flatMap((ids) => [...ids.keys()]).filter((id) => !offered.has(id)).length;
  if (lost > 0) problems.push(`${lost} exchanges were answered more than ${maxWindowMs} ms before, and lost`);
  if (windows.length > answered.size / 2)
    problems.push(`${windows.length} of ${answered.size} answered exchanges are not stored`);
  if (duplicated > 0) problems.push(`${duplicated} rows are there more than once`);
  if (invented > 0) problems.push(`${invented} rows belong to no request`);
  if (fired === 0 || answered.size < kills) problems.push("no load, or no kill: the run is void");
  const widest = Math.round(Math.max(0, ...windows));
  return {
    ...{ fault: "SIGKILL of the sidecar under load", injected: kills, fired, offered: offered.size },
    ...{ acknowledged: answered.size - windows.length, lost, duplicated, invented, problems },
    figure: `${windows.length} of ${answered.size} answered exchanges not stored, ${widest} ms old at most`,
  };
}

/** Clients that post one after the other, until told to end. */
class Load {
  readonly offered: string[] = [];
  readonly answered: [id: string, at: number][] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running: Promise<unknown>;
  #ended = false;

  constructor(url: string, name: string) {
    const each = Array.from({ length: clients }, (_, client) => this.#post(url, `${name}-${client}`));
    this.#running = Promise.all(each);
  }

  /** Whether most of what was answered must be stored by now. */
  isOld(): boolean {
    const before = performance.now() - maxWindowMs;
    return this.answered.filter(([, at]) => at < before).length * 2 > this.answered.length;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
    this.#agent.destroy();
  }

  async #post(url: string, name: string): Promise<void> {
    for (let i = 0; !this.#ended; i++) {
      const id = `${name}-${i}`;
      this.offered.push(id);
      try {
        const asked = request(`${url}/score`, {
          ...{ method: "POST", agent: this.#agent, headers: { "x-request-id": id } },
        });
        asked.end(`{"n":${i}}`);
        const [answer] = await once(asked, "response");
        if ((await text(answer)) === "ok") this.answered.push([id, performance.now()]);
      } catch {
        // Killed in the middle: there may be a row, and need not be.
        await sleep(5);
      }
    }
  }
}

function idsOf(rows: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const row of rows) {
    const id = String(row["mdc_correlation_id"]);
    ids.set(id, (ids.get(id) ?? 0) + 1);
  }
  return ids;
}
