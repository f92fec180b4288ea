import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { startSidecar } from "../../support/sidecar-process.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { notRun, type Outcome } from "../outcome.ts";
import { startTalking } from "./child.ts";

type Row = Readonly<Record<string, unknown>>;

/** What is stored of a door's exchanges, as DuckDB reads it. */
export interface StoredExchanges {
  readonly requests: readonly Row[];
  readonly responses: readonly Row[];
}

/** A logged server, by one of the two ways in which payloads are logged. */
export interface LoggedDoor {
  readonly name: "node:http" | "mdc sidecar";
  readonly port: number;
  /** The process that logs. */
  readonly pid: number;
}

/** What was done to a door, and what is wrong with it. */
export interface Assault {
  readonly injected: number;
  readonly fired: number;
  /** Exchanges that were answered as if nothing were. */
  readonly answered: number;
  readonly figure: string;
  /** What is not as promised, found when the door is closed and everything is stored. */
  judge(stored: StoredExchanges): readonly string[];
}

/**
 * What a process may grow by, whatever is sent to it: 128 MiB of `limits.maxMemoryBytes`, 64 MiB of bodies of
 * exchanges under way, and what depends on neither (docs/operations.md, "Memory").
 */
const maxGrowth = (128 + 64 + 160) * 2 ** 20;

/**
 * Does the same to a logged server of node:http and to the sidecar before a server, each a process of its own
 * with default settings and `env`; an outcome each. Memory must keep to its bound.
 */
export async function atBothDoors(
  fault: string,
  assault: (door: LoggedDoor) => Promise<Assault>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Outcome[]> {
  if (process.platform !== "linux") return [notRun(fault, "memory is looked up in /proc")];
  const outcomes: Outcome[] = [];
  for (const open of [openServer, openSidecar]) {
    await using folder = await disposableFolder();
    const [destination, spool] = [join(folder.path, "collected"), join(folder.path, "spool")];
    await using door = await open(destination, spool, env);
    const before = memoryOf(door.pid, "VmRSS");
    const done = await assault(door);
    const peak = memoryOf(door.pid, "VmHWM");
    const problems = [...(await door.end())];
    const stored = {
      requests: await duckdbCollection(destination, "request"),
      responses: await duckdbCollection(destination, "response"),
    };
    problems.push(...done.judge(stored), ...doubled(stored));
    if (peak - before > maxGrowth) problems.push(`memory grew by ${mebibytes(peak - before)} MiB`);
    if (done.fired === 0) problems.push("the fault never happened: the run is void");
    outcomes.push({
      ...{ fault: `${fault}, ${door.name}`, injected: done.injected, fired: done.fired },
      ...{
        offered: done.answered,
        acknowledged: stored.requests.length,
        lost: 0,
        duplicated: 0,
        invented: 0,
      },
      figure: `${done.figure}; memory ${mebibytes(before)} MiB before, ${mebibytes(peak)} at most`,
      problems,
    });
  }
  return outcomes;
}

interface OpenDoor extends LoggedDoor, AsyncDisposable {
  /** Ends it in peace; what is wrong with that. */
  end(): Promise<readonly string[]>;
}

async function openServer(
  destination: string,
  spool: string,
  env: Readonly<Record<string, string>>,
): Promise<OpenDoor> {
  const places = { MDC_DESTINATION: destination, MDC_SPOOL_DIR: spool };
  const server = startTalking("echo-server.ts", ["0", "logged"], { ...places, ...env });
  const { port } = await server.heard<{ port: number }>();
  const exited = once(server.process, "exit");
  return {
    ...{ name: "node:http", port, pid: server.process.pid ?? 0 },
    async end() {
      server.process.send("end");
      const [code] = await exited;
      return code === 0 ? [] : [`the server ended with ${code}: ${server.output()}`];
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openSidecar(
  destination: string,
  spool: string,
  env: Readonly<Record<string, string>>,
): Promise<OpenDoor> {
  const target = startTalking("echo-server.ts", ["0"]);
  const { port } = await target.heard<{ port: number }>();
  const args = ["--target", `http://127.0.0.1:${port}`, "--listen", "127.0.0.1:0", "--deadline", "60"];
  const sidecar = await startSidecar(destination, spool, args, env);
  return {
    ...{ name: "mdc sidecar", pid: sidecar.process.pid ?? 0 },
    port: Number(new URL(sidecar.urls["listen"] ?? "").port),
    async end() {
      const code = await sidecar.end();
      return code === 0 ? [] : [`the sidecar ended with ${code}: ${sidecar.told()}`];
    },
    async [Symbol.asyncDispose]() {
      sidecar.process.kill("SIGKILL");
      await target[Symbol.asyncDispose]();
    },
  };
}

/** Ids that stand in more than one row of a side. */
function doubled(stored: StoredExchanges): string[] {
  return Object.entries(stored).flatMap(([side, rows]: [string, readonly Row[]]) => {
    const twice = rows.length - new Set(rows.map((row) => row["mdc_correlation_id"])).size;
    return twice === 0 ? [] : [`${twice} ${side} are stored twice`];
  });
}

/** What Linux says of a process's memory, bytes. */
function memoryOf(pid: number, what: "VmRSS" | "VmHWM"): number {
  const [, kibibytes = "0"] =
    new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1_024;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
