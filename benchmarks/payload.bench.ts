/**
 * What payload logging adds to a server that streams: time to the first byte and for each chunk at a moderate
 * rate, requests a second under full load, CPU and memory. Of middlewares against none, morgan, and pino-http
 * that is made to log bodies; of the sidecar against http-proxy, with and without a log of bodies.
 *
 * Each has a process of its own; all run side by side and one is loaded at a time, in turns.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Benchmark, type Figures, NotHere, resultsOf } from "./benchmark.ts";
import { loadPayloads } from "./payload-load.ts";

const loggers = ["none", "ours", "morgan", "pino-http with bodies"];
const subjects = [
  ...["node:http", "Express", "Fastify"].flatMap((kind) => loggers.map((logger) => ({ kind, logger }))),
  ...["none", "with a body log"].map((logger) => ({ kind: "http-proxy", logger })),
  { kind: "sidecar", logger: "ours" },
];
const connections = 16;
const perSecond = 200;
/** Of the system's clock in `/proc`: on every Linux that Node runs on. */
const ticksPerSecond = 100;

const benchmark: Benchmark = async (context) => {
  if (!existsSync("/proc/self/stat")) throw new NotHere("the use of other processes is read from /proc");
  const { rounds, seconds } = {
    full: { rounds: 7, seconds: 2 },
    quick: { rounds: 3, seconds: 1 },
    smoke: { rounds: 1, seconds: 0.1 },
  }[context.scale];
  const servers = new Map<string, { child: ChildProcess; port: number; runs: Figures[] }>();
  try {
    for (const subject of subjects) {
      const target = servers.get("node:http, none")?.port ?? 0;
      const started = await start(
        subject,
        join(context.folder, nameOf(subject).replaceAll(/\W+/g, "-")),
        target,
      );
      servers.set(nameOf(subject), { ...started, runs: [] });
      await loadPayloads(started.port, { perSecond: 0, seconds, connections });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { child, port, runs } of servers.values())
        runs.push(await figures(child.pid ?? 0, port, seconds));
    }
    return subjects.flatMap((subject) => {
      const { kind, logger } = subject;
      const base = kind === "sidecar" ? "http-proxy, none" : `${kind}, none`;
      return resultsOf(nameOf(subject), servers.get(nameOf(subject))?.runs ?? [], {
        facets: { kind, logger, connections, perSecond },
        ...(nameOf(subject) === base ? {} : { ratioTo: base }),
      });
    });
  } finally {
    for (const { child } of servers.values()) child.kill("SIGKILL");
  }
};

export default benchmark;

function nameOf({ kind, logger }: { readonly kind: string; readonly logger: string }): string {
  return `${kind}, ${logger}`;
}

async function start(
  { kind, logger }: { readonly kind: string; readonly logger: string },
  folder: string,
  targetPort: number,
): Promise<{ child: ChildProcess; port: number }> {
  const script = fileURLToPath(new URL("./payload-server.ts", import.meta.url));
  const cli = join(import.meta.dirname, "../dist/cli/main.js");
  const args =
    kind === "sidecar"
      ? [cli, "sidecar", "--target", `http://127.0.0.1:${targetPort}`, "--listen", "127.0.0.1:0"]
      : [script, kind, logger, folder, String(targetPort)];
  const env = { ...process.env, MDC_DESTINATION: join(folder, "data"), MDC_SPOOL_DIR: join(folder, "spool") };
  const child = spawn(process.execPath, ["--no-warnings", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening on \S*?:(\d+)(?: |$)/.exec(line.replace("http://", ""))?.[1];
    if (port !== undefined) return { child, port: Number(port) };
  }
  await once(child, "exit");
  throw new Error(`${kind}, ${logger} did not start`);
}

async function figures(pid: number, port: number, seconds: number): Promise<Figures> {
  const before = cpuSeconds(pid);
  const paced = await loadPayloads(port, { perSecond, seconds, connections });
  const cpu = cpuSeconds(pid) - before;
  const full = await loadPayloads(port, { perSecond: 0, seconds: seconds / 2, connections });
  const [first50 = 0, first99 = 0] = paced.firstByte.quantiles([0.5, 0.99]);
  const [chunk50 = 0, chunk99 = 0] = paced.chunk.quantiles([0.5, 0.99]);
  return {
    "first byte p50": { unit: "ms", value: first50 },
    "first byte p99": { unit: "ms", value: first99 },
    "chunk p50": { unit: "ms", value: chunk50 },
    "chunk p99": { unit: "ms", value: chunk99 },
    "requests/s": { unit: "", value: full.requests / full.seconds },
    "CPU per request": { unit: "ms", value: (cpu * 1_000) / paced.requests },
    RSS: { unit: "MB", value: residentBytes(pid) / 1e6 },
  };
}

/** Of all threads of a process; see proc(5). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1_024;
}
