/**
 * What payload logging adds to a server that streams. Of middlewares against none, morgan, and pino-http that
 * is made to log bodies; of the sidecar against http-proxy, with a log of bodies and without, and nginx.
 *
 * At two rates that leave the machine time, for what a request waits, and under full load, for what it costs:
 * there the 99th percentile is the length of the queue. Each server has a process of its own; all run side by
 * side and one is loaded at a time, in turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Benchmark, type Figures, NotHere, resultsOf } from "./benchmark.ts";
import { loadPayloads } from "./payload-load.ts";
import { findNginx, nginx } from "./payload-rivals.ts";

interface Subject {
  readonly kind: string;
  readonly logger: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly runs: Figures[];
}

const logsBodies = "with a body log";
const loggers = ["none", "ours", "morgan", "pino-http with bodies"];
const proxies: readonly Subject[] = [
  { kind: "http-proxy", logger: "none" },
  { kind: "http-proxy", logger: logsBodies },
  { kind: "sidecar", logger: "none" },
  { kind: "sidecar", logger: "ours" },
];
const middlewares = (kind: string): Subject[] => loggers.map((logger) => ({ kind, logger }));
const connections = 16;

const benchmark: Benchmark = async (context) => {
  if (!existsSync("/proc/self/schedstat")) throw new NotHere("the use of other processes is read from /proc");
  const { rounds, seconds, rates, kinds } = {
    full: { rounds: 6, seconds: 2, rates: [200, 1_000], kinds: ["node:http", "Express", "Fastify"] },
    quick: { rounds: 3, seconds: 1, rates: [200], kinds: ["node:http"] },
    smoke: { rounds: 1, seconds: 0.1, rates: [200], kinds: ["node:http", "Express", "Fastify"] },
  }[context.scale];
  const program = context.scale === "quick" ? undefined : findNginx();
  if (program === undefined && context.scale !== "quick")
    console.log("nginx is left out: it is not on this machine (Debian's package nginx has it)");
  const subjects: Subject[] = [
    ...kinds.flatMap(middlewares),
    ...proxies,
    ...(program === undefined ? [] : [{ kind: "nginx", logger: "none" }]),
  ];
  const servers = new Map<string, Running>();
  try {
    for (const subject of subjects) {
      const folder = join(context.folder, nameOf(subject).replaceAll(/\W+/g, "-"));
      const target = servers.get("node:http, none")?.port ?? 0;
      const started = await start(subject, folder, target, program);
      servers.set(nameOf(subject), { ...started, runs: [] });
      await loadPayloads(started.port, { perSecond: 0, seconds, connections });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { child, port, runs } of servers.values())
        runs.push(await figures(child.pid ?? 0, port, seconds, rates));
    }
    return subjects.flatMap((subject) => {
      const { kind, logger } = subject;
      const base = baseOf(subject);
      const { runs = [] } = servers.get(nameOf(subject)) ?? {};
      return resultsOf(nameOf(subject), runs, {
        facets: { kind, logger, connections },
        ...(nameOf(subject) === base ? {} : { ratioTo: base }),
      });
    });
  } finally {
    for (const { child } of servers.values()) child.kill("SIGKILL");
  }
};

export default benchmark;

function nameOf({ kind, logger }: Subject): string {
  return `${kind}, ${logger}`;
}

/** What a subject is compared with: the same without a log, or the other proxy that does the same. */
function baseOf({ kind, logger }: Subject): string {
  if (kind === "nginx") return "http-proxy, none";
  if (kind !== "sidecar") return `${kind}, none`;
  return logger === "none" ? "http-proxy, none" : `http-proxy, ${logsBodies}`;
}

async function start(
  { kind, logger }: Subject,
  folder: string,
  targetPort: number,
  nginxProgram: string | undefined,
): Promise<{ child: ChildProcess; port: number }> {
  if (kind === "nginx" && nginxProgram !== undefined) {
    const { program, args, port } = await nginx(nginxProgram, folder, targetPort);
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    await listens(port, child);
    return { child, port };
  }
  const script = fileURLToPath(new URL("./payload-server.ts", import.meta.url));
  const cli = join(import.meta.dirname, "../dist/cli/main.js");
  const args =
    kind === "sidecar"
      ? [cli, "sidecar", "--target", `http://127.0.0.1:${targetPort}`, "--listen", "127.0.0.1:0"]
      : [script, kind, logger, folder, String(targetPort)];
  const own = { MDC_DESTINATION: join(folder, "data"), MDC_SPOOL_DIR: join(folder, "spool") };
  const env = { ...process.env, ...own, ...(logger === "none" ? { MDC_DISABLED: "true" } : {}) };
  const child = spawn(process.execPath, ["--no-warnings", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening on \S*?:(\d+)(?: |$)/.exec(line.replace("http://", ""))?.[1];
    if (port !== undefined) return { child, port: Number(port) };
  }
  throw new Error(`${kind}, ${logger} did not start`);
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
  seconds: number,
  rates: readonly number[],
): Promise<Figures> {
  const found: Record<string, Figures[string]> = {};
  for (const perSecond of [...rates, 0]) {
    const before = cpuMs(pid);
    const load = await loadPayloads(port, {
      perSecond,
      seconds: perSecond === 0 ? seconds / 2 : seconds,
      connections,
    });
    const cpu = (cpuMs(pid) - before) / load.requests;
    const at = perSecond === 0 ? "full load" : `${perSecond}/s`;
    const [first50 = 0, first99 = 0] = load.firstByte.quantiles([0.5, 0.99]);
    const [chunk50 = 0, chunk99 = 0] = load.chunk.quantiles([0.5, 0.99]);
    if (perSecond === 0) found["requests/s"] = { unit: "", value: load.requests / load.seconds };
    found[`${at} first byte p50`] = { unit: "ms", value: first50 };
    found[`${at} first byte p99`] = { unit: "ms", value: first99 };
    if (perSecond !== 0) {
      found[`${at} chunk p50`] = { unit: "ms", value: chunk50 };
      found[`${at} chunk p99`] = { unit: "ms", value: chunk99 };
    }
    found[`${at} CPU`] = { unit: "ms", value: cpu };
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
