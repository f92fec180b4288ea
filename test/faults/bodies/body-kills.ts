import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyHash, bodyPart, openRequest } from "../../support/large-bodies.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { type SidecarProcess, startSidecar } from "../../support/sidecar-process.ts";
import { seeded } from "../../support/simulated-file-system.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import type { Outcome } from "../outcome.ts";

const clients = 4;
const partBytes = 64 * 1024;
const env = { MDC_PAYLOAD_LARGE_BODIES: "aside", MDC_PAYLOAD_MAX_BODY_BYTES: String(partBytes) };

type Row = Readonly<Record<string, unknown>>;

/**
 * SIGKILL of `mdc sidecar` while bodies of several MiB pass that are stored aside. No row refers to a body
 * that is not there, no object is but a whole one, and nothing is left in the spool. An object has no row
 * only if its exchange was among the last that its client had: a row follows its bodies into the spool, so
 * what a kill takes is the end of what was answered, and never a hole in it.
 */
export async function killsOfBodies(kills: number): Promise<Outcome> {
  await using folder = await disposableFolder();
  const target = createServer((asked, answer) => void asked.pipe(answer)).listen(0, "127.0.0.1");
  await once(target, "listening");
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  const [destination, spool] = [join(folder.path, "collected"), join(folder.path, "spool")];
  const args = ["--target", url, "--listen", "127.0.0.1:0", "--deadline", "120"];
  const start = (): Promise<SidecarProcess> => startSidecar(destination, spool, args, env);
  const random = seeded(kills);
  let fired = 0;
  let begun = 0;
  let offered = 0;
  const answers: string[][] = [];
  for (let kill = 0; kill < kills; kill++) {
    const sidecar = await start();
    const load = new BodyLoad(Number(new URL(sidecar.urls["listen"] ?? "").port), `kill-${kill}`);
    await sleep(3_000 + random(1_500));
    const exit = once(sidecar.process, "exit");
    sidecar.process.kill("SIGKILL");
    const [, signal] = await exit;
    const bodies = openBodies(spool);
    begun += bodies;
    if (signal === "SIGKILL" && bodies > 0) fired++;
    await load.end();
    offered += load.offered;
    answers.push(...load.answered);
  }
  const heir = await start();
  const code = await heir.end();
  target.close();
  target.closeAllConnections();

  const sides = await Promise.all(["request", "response"].map((name) => storedRows(destination, name)));
  const rows = sides.flat();
  const objects = globSync("**/*.bin", { cwd: destination });
  const referred = new Set(rows.map((row) => row["body_ref"]).filter((ref) => ref !== null));
  const dangling = [...referred].filter((ref) => !existsSync(join(destination, String(ref))));
  const orphans = objects.filter((path) => !referred.has(path));
  const known = sides.map((side) => idsOf(side));
  const lost = known.flatMap((ids) => answers.flatMap((ofClient) => holesIn(ofClient, ids)));
  const answered = answers.flat();
  const rowless = known.reduce((sum, ids) => sum + offered - answered.filter((id) => ids.has(id)).length, 0);
  const broken = objects.filter((path) => !isWhole(readFileSync(join(destination, path))));
  const duplicated = sides.reduce((sum, side) => sum + side.length - idsOf(side).size, 0);
  const left = globSync("mc1/*/*.{open,seg,body,tmp}", { cwd: spool });
  const problems = [
    ...(code === 0 ? [] : [`the last sidecar ended with ${code}: ${heir.told()}`]),
    ...dangling.map((ref) => `a row refers to ${String(ref)}, which is not there`),
    ...broken.map((path) => `${path} is not what was sent`),
    ...rows.flatMap((row) => wrongIn(row, destination)),
    ...left.map((name) => `${name} is left in the spool`),
    ...(duplicated === 0 ? [] : [`${duplicated} rows are there more than once`]),
    ...lost.map((id) => `${id} has no row, and what its client was answered later has`),
    ...(orphans.length <= rowless ? [] : [`${orphans.length} objects have no row`]),
    ...(fired > 0 && referred.size > 0 ? [] : ["no body, or no kill in the middle of one: the run is void"]),
  ];
  return {
    ...{ fault: "SIGKILL while bodies are stored aside", injected: kills, fired, offered },
    ...{
      acknowledged: answered.length,
      lost: dangling.length + lost.length,
      duplicated,
      invented: broken.length,
      problems,
    },
    figure: `${referred.size} bodies aside, ${orphans.length} objects without a row; ${begun} bodies were begun, and are nowhere`,
  };
}

/** Clients that post one body after the other, until told to end. */
class BodyLoad {
  offered = 0;
  /** Of each client, what was answered whole, in its order. */
  readonly answered: readonly string[][] = Array.from({ length: clients }, () => []);
  readonly #port: number;
  readonly #running: Promise<unknown>;
  #ended = false;

  constructor(port: number, name: string) {
    this.#port = port;
    this.#running = Promise.all(this.answered.map((answered, n) => this.#post(`${name}-${n}`, answered)));
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #post(name: string, answered: string[]): Promise<void> {
    for (let i = 0; !this.#ended; i++) {
      this.offered++;
      const id = `${name}-${i}`;
      if (await this.#send(id, (1 + (i % 5)) * 1024 * 1024 + i * 4)) answered.push(id);
      else await sleep(5);
    }
  }

  /** False if the connection broke. */
  async #send(id: string, size: number): Promise<boolean> {
    const request = openRequest(this.#port, id, { "content-length": String(size) });
    const closed = new AbortController();
    request.on("close", () => closed.abort());
    try {
      const answer = once(request, "response", { signal: closed.signal });
      answer.catch(() => {});
      const read = answer.then(async ([response]) => {
        let came = 0;
        for await (const chunk of response as AsyncIterable<Buffer>) came += chunk.length;
        return came;
      });
      read.catch(() => {});
      for (let at = 0; at < size; at += partBytes) {
        const more = request.write(bodyPart(at, Math.min(partBytes, size - at)));
        if (!more) await once(request, "drain", { signal: closed.signal });
        // So that a kill finds bodies in the middle.
        await sleep(1);
      }
      request.end();
      return (await read) === size;
    } catch {
      return false;
    }
  }
}

async function storedRows(destination: string, collection: string): Promise<readonly Row[]> {
  const any = globSync(`*/*/${collection}/**/*.parquet`, { cwd: destination }).length > 0;
  return any ? duckdbCollection(destination, collection) : [];
}

/** Bodies that the dead have begun in the spool, and not ended. */
function openBodies(spool: string): number {
  const open = globSync("mc1/*/*.open", { cwd: spool }).map((path) => readFileSync(join(spool, path)));
  return open.filter((bytes) => bytes.subarray(0, 1_024).includes('["body",')).length;
}

/** What is missing before something that is there. */
function holesIn(answered: readonly string[], stored: ReadonlySet<unknown>): readonly string[] {
  const last = answered.findLastIndex((id) => stored.has(id));
  return answered.slice(0, Math.max(0, last)).filter((id) => !stored.has(id));
}

/** The beginning of the body that all are. */
function isWhole(bytes: Buffer): boolean {
  return sha256(bytes) === bodyHash(bytes.length);
}

/** What a row says of its object, which is there. */
function wrongIn(row: Row, destination: string): string[] {
  const path = join(destination, String(row["body_ref"]));
  if (row["body_ref"] === null || !existsSync(path)) return [];
  const bytes = readFileSync(path);
  const isTrue = Number(row["body_size"]) === bytes.length && row["body_sha256"] === sha256(bytes);
  return isTrue ? [] : [`${path} is not what its row says`];
}

function idsOf(rows: readonly Row[]): ReadonlySet<unknown> {
  return new Set(rows.map((row) => row["mdc_correlation_id"]));
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
