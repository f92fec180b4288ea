import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BenchmarkResult, type Figures, resultsOf } from "../benchmark.ts";
import { loadPayloads } from "./load.ts";
import { findNginx, nginx } from "./rivals.ts";

/** One server that is loaded, and how it logs. */
export interface Subject {
  readonly kind: string;
  readonly logger: string;
  /** Which other subject it is compared with, by its name; undefined for one that others are. */
  readonly base?: string;
}

/** How long subjects are loaded, in turns. */
export interface Turns {
  /**
   * Of each before all, as fast as it can: so long that V8 has compiled what a server runs. Services run for
   * days.
   */
  readonly warmUpSeconds: number;
  readonly rounds: number;
  /** Of each round, at each rate. */
  readonly seconds: Readonly<Record<number, number>>;
  /** Of each round under full load; they come after all others. */
  readonly fullLoadSeconds: number;
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  /** Resolves when what it logged is delivered, if that is later than when it is logged. */
  readonly deliver: () => Promise<void>;
}

interface Running extends Started {
  readonly runs: Figures[];
}

const connections = 16;

/** What is measured of a subject that is compared with another: by how much it is above that, in its round. */
const compared = ["first byte p99", "served p99"];

export function nameOf({ kind, logger }: Pick<Subject, "kind" | "logger">): string {
  return `${kind}, ${logger}`;
}

/**
 * Starts each subject in a process of its own, and loads one at a time, in short turns that begin with another
 * one in each round: so that what the machine does besides falls on all of them. What was logged in the
 * warm-up is delivered first, and full load comes last, for it logs more in a second than the rates in all
 * their rounds.
 *
 * @param target the name of the one that proxies pass on to; undefined if there is no proxy.
 */
export async function measureSubjects(
  subjects: readonly Subject[],
  { warmUpSeconds, rounds, seconds, fullLoadSeconds }: Turns,
  folder: string,
  target?: string,
): Promise<readonly BenchmarkResult[]> {
  const servers = new Map<string, Running>();
  try {
    for (const subject of subjects) {
      const own = join(folder, nameOf(subject).replaceAll(/\W+/g, "-"));
      const started = await start(subject, own, servers.get(target ?? "")?.port ?? 0);
      servers.set(nameOf(subject), { ...started, runs: [] });
      await loadPayloads(started.port, { perSecond: 0, seconds: warmUpSeconds, connections });
      await started.deliver();
    }
    const running = [...servers.values()];
    const loads = [
      Object.entries(seconds).map(([perSecond, of]) => ({ perSecond: Number(perSecond), seconds: of })),
      [{ perSecond: 0, seconds: fullLoadSeconds }],
    ];
    for (const load of loads)
      for (let round = 0; round < rounds; round++) {
        const turn = round % running.length;
        for (const { child, port, runs } of [...running.slice(turn), ...running.slice(0, turn)]) {
          await rest(running);
          runs[round] = { ...runs[round], ...(await figures(child.pid ?? 0, port, load)) };
        }
      }
    return subjects.flatMap((subject) => {
      const { kind, logger, base } = subject;
      const { runs = [] } = servers.get(nameOf(subject)) ?? {};
      const beside = base === undefined ? undefined : servers.get(base)?.runs;
      return resultsOf(
        nameOf(subject),
        runs.map((run, i) => ({ ...run, ...added(run, beside?.[i]) })),
        { facets: { kind, logger, connections }, ...(base === undefined ? {} : { ratioTo: base }) },
      );
    });
  } finally {
    for (const { child } of servers.values()) child.kill("SIGKILL");
  }
}

/** By how much the highest percentiles of one round are above another subject's of the same round. */
function added(run: Figures, base: Figures | undefined): Figures {
  const found: Record<string, Figures[string]> = {};
  if (base === undefined) return found;
  for (const [metric, { unit, value }] of Object.entries(run)) {
    if (!compared.some((name) => metric.endsWith(`/s ${name}`))) continue;
    found[`${metric} added`] = { unit, value: (value ?? 0) - (base[metric]?.value ?? 0) };
  }
  // Of each round, for a machine is faster now and slower then.
  const [mine, other] = [run["requests/s"]?.value ?? 0, base["requests/s"]?.value ?? 0];
  found["requests/s share"] = { unit: "", value: mine / other };
  return found;
}

const restStepMs = 250;
/** What a core does in a step while nobody has anything to do. */
const restCpuMs = 8;
const maxRestMs = 15_000;

/** Waits until the servers rest: what they logged under full load they still deliver when the next one is loaded. */
async function rest(running: readonly Running[]): Promise<void> {
  const used = (): number => running.reduce((sum, { child }) => sum + cpuMs(child.pid ?? 0), 0);
  const end = performance.now() + maxRestMs;
  for (let before = used(); performance.now() < end; ) {
    await sleep(restStepMs);
    const now = used();
    if (now - before < restCpuMs) return;
    before = now;
  }
}

async function start({ kind, logger }: Subject, folder: string, targetPort: number): Promise<Started> {
  const program = kind === "nginx" ? findNginx() : undefined;
  if (program !== undefined) {
    const { args, port } = await nginx(program, folder, targetPort);
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    await listens(port, child);
    return { child, port, deliver: async () => {} };
  }
  const script = fileURLToPath(new URL("./server.ts", import.meta.url));
  const cli = join(import.meta.dirname, "../../dist/cli/main.js");
  const args =
    kind === "sidecar"
      ? [cli, "sidecar", "--target", `http://127.0.0.1:${targetPort}`, "--listen", "127.0.0.1:0"]
      : [script, kind, logger, folder, String(targetPort)];
  const own = { MDC_DESTINATION: join(folder, "data"), MDC_SPOOL_DIR: join(folder, "spool") };
  const env = { ...process.env, ...own, ...(logger.startsWith("none") ? { MDC_DISABLED: "true" } : {}) };
  const child = spawn(process.execPath, ["--no-warnings", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      lines.once("close", () => reject(new Error(`${kind}, ${logger} has ended`)));
      lines.on("line", (line) => {
        const found = pattern.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
  const port = Number(await said(/^listening on \S*?:(\d+)(?: |$)/));
  const deliver = async (): Promise<void> => {
    const delivered = said(/^(delivered)$/);
    child.kill("SIGUSR2");
    await delivered;
  };
  return { child, port, deliver: kind !== "sidecar" && logger === "ours" ? deliver : async () => {} };
}

/** Waits until a server that says nothing takes requests. */
async function listens(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) break;
    const load = loadPayloads(port, { perSecond: 0, seconds: 0, connections: 1 });
    if (
      await load.then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error(`${child.spawnfile} did not start`);
}

async function figures(
  pid: number,
  port: number,
  loads: readonly { readonly perSecond: number; readonly seconds: number }[],
): Promise<Figures> {
  const found: Record<string, Figures[string]> = {};
  const ms = (metric: string, value: number): void => {
    found[metric] = { unit: "ms", value };
  };
  for (const { perSecond, seconds } of loads) {
    const before = cpuMs(pid);
    const load = await loadPayloads(port, { perSecond, seconds, connections });
    const cpu = (cpuMs(pid) - before) / load.requests;
    const at = perSecond === 0 ? "full load" : `${perSecond}/s`;
    const names = ["first byte", ...(perSecond === 0 ? [] : (["chunk", "served"] as const))];
    const durations = { "first byte": load.firstByte, chunk: load.chunk, served: load.served };
    for (const name of names as (keyof typeof durations)[]) {
      const [p50 = 0, p99 = 0] = durations[name].quantiles([0.5, 0.99]);
      ms(`${at} ${name} p50`, p50);
      ms(`${at} ${name} p99`, p99);
    }
    ms(`${at} CPU`, cpu);
    if (perSecond === 0) found["requests/s"] = { unit: "", value: load.requests / load.seconds };
  }
  found["RSS"] = { unit: "MB", value: residentBytes(pid) / 1e6 };
  return found;
}

/** Of all threads of a process, to the nanosecond: `stat` counts hundredths of a second. See proc(5). */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + threadMs(pid, thread), 0);
}

function threadMs(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1_024;
}
