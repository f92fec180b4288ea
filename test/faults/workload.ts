import { type ChildProcess, spawn } from "node:child_process";
import cluster from "node:cluster";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Journal, readJournal } from "../support/oracle.ts";
import type { Scenario } from "./scenario.ts";
import type { TokenMood } from "./token-credential.ts";

/** A running `collecting-process.ts`. */
export interface WorkloadProcess {
  readonly process: ChildProcess;
  readonly writer: string;
  /** Resolves when it collects; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it wrote on standard output and standard error so far. */
  readonly output: string;
  /** Sends it a command. */
  tell(command: Command): void;
  /** What it says of itself. */
  state(): Promise<WorkloadState>;
  /** What it has written down so far. */
  journal(): Journal;
}

/**
 * `go`: past the gate. `pause`, `go on`: with offering frames. `flush`: to the destination. `hog`, `release`:
 * all descriptors. `token …`: what its credential does from now on. `end`: as the scenario says.
 */
export type Command = "go" | "pause" | "go on" | "flush" | "hog" | "release" | "end" | `token ${TokenMood}`;

/** What a living workload says of itself. */
export interface WorkloadState {
  readonly stats: import("model-data-collector").DeploymentStats;
  readonly status: import("model-data-collector").DeploymentStatus;
  readonly offered: number;
  /** Bytes of memory. */
  readonly rss: number;
  /** How long it took to open the deployment. */
  readonly openMs: number;
  /** How long each call of `collect` took since the last time it was asked. */
  readonly callsMs: readonly number[];
}

export interface StartOptions {
  /** Folder for its journal. */
  readonly folder: string;
  /** Flags of its Node. */
  readonly nodeArgs?: readonly string[];
  /** Program and arguments before Node's: `strace …`, a shell with limits. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** True to start it as a worker of a cluster whose primary this process is. */
  readonly inCluster?: boolean;
  /** It is killed after this time, whatever it does; default 120,000. */
  readonly lifeMs?: number;
}

const program: string = join(import.meta.dirname, "collecting-process.ts");

/** This Node if it runs TypeScript as it is, else the project's own. */
export const nodePath: string = process.features.typescript
  ? process.execPath
  : join(import.meta.dirname, "../../node_modules/node/bin/node");

/** Starts a process of a scenario. */
export function startWorkload(scenario: Scenario, options: StartOptions): WorkloadProcess {
  const { folder, nodeArgs = [], wrapper = [], env = {}, lifeMs = 120_000, inCluster = false } = options;
  const path = join(folder, `${scenario.writer}.journal`);
  const file = openSync(path, "a");
  const environment = { ...process.env, NODE_NO_WARNINGS: "1", ...env };
  let child: ChildProcess;
  if (inCluster) {
    const args = [JSON.stringify(scenario)];
    cluster.setupPrimary({
      exec: program,
      args,
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", file, "ipc"],
    });
    child = cluster.fork(environment).process;
  } else {
    const [command, ...args] = [...wrapper, nodePath, ...nodeArgs, program, JSON.stringify(scenario)];
    child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe", file, "ipc"],
      env: environment,
      // A wrapper does not pass a signal on, so that its whole group is ended.
      detached: wrapper.length > 0 && process.platform !== "win32",
    });
  }
  closeSync(file);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < 1_000_000) output += text;
    });
  }
  // A command that comes too late is not the test's concern.
  child.on("error", () => {});
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const leash = setTimeout(() => end(child, "SIGKILL"), lifeMs);
  void ended.then(() => clearTimeout(leash));
  const ready = new Promise<void>((resolve, reject) => {
    // A cluster has messages of its own.
    child.on("message", (message) => message === "ready" && resolve());
    void ended.then(({ code, signal }) =>
      reject(new Error(`${scenario.writer} ended before it was ready (${code ?? signal}): ${output}`)),
    );
  });
  ready.catch(() => {});
  return {
    process: child,
    writer: scenario.writer,
    ready,
    ended,
    get output() {
      return output;
    },
    tell: (command) => void (child.connected && child.send(command)),
    async state() {
      child.send("state");
      const answer = once(child, "message").then(([state]) => state as WorkloadState);
      const gone = ended.then(({ code, signal }): never => {
        throw new Error(`${scenario.writer} ended (${code ?? signal}): ${output}`);
      });
      return Promise.race([answer, gone]);
    },
    journal: () => readJournal(scenario.writer, readFileSync(path, "utf8")),
  };
}

/** Ends a process, with its group if it leads one. */
export function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  if (child.spawnargs[0] !== nodePath && process.platform !== "win32") {
    try {
      process.kill(-child.pid, signal);
      return;
    } catch {
      // It has no group, or is just gone.
    }
  }
  child.kill(signal);
}
