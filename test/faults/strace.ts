import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What strace does to a system call: kills the process at its `when`-th, or lets it fail. */
export interface Injection {
  /** Names of calls, separated by commas. */
  readonly calls: string;
  /** As after the names in strace's `--inject`: `signal=KILL:when=3`, `error=EIO:when=1..2`. */
  readonly action: string;
}

/** strace, attached to a process or to one of its threads. */
export interface Strace {
  /** How often the injection happened so far. */
  fired(): number;
  /** Lets the process go, unharmed. */
  detach(): void;
  readonly ended: Promise<void>;
}

/** Why strace cannot be used here, or undefined. */
export function straceMissing(): string | undefined {
  if (process.platform !== "linux") return "strace is for Linux only";
  try {
    execFileSync("strace", ["-o", "/dev/null", "-e", "trace=unlink", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "strace is not installed, or may not trace";
  }
}

/**
 * Attaches to a process with all its threads (now and later), or to one thread only; resolves when it is in
 * force.
 */
export async function attach(id: number, injection: Injection, thread: boolean): Promise<Strace> {
  const args = [
    "-p",
    String(id),
    "-e",
    `trace=${injection.calls}`,
    "-e",
    `inject=${injection.calls}:${injection.action}`,
  ];
  const child = spawn("strace", thread ? args : ["-f", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/attached/.test(output)) resolve();
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`strace ended: ${output}`)));
  });
  leash(child);
  return {
    fired: () => output.match(/\((?:INJECTED|DELAYED)\)|killed by SIGKILL/g)?.length ?? 0,
    detach: () => void child.kill("SIGINT"),
    ended,
  };
}

function leash(child: ChildProcess): void {
  const timer = setTimeout(() => child.kill("SIGTERM"), 60_000);
  child.once("close", () => clearTimeout(timer));
}

/** The id of the background thread of a process; waits until there is one. */
export async function backgroundThread(pid: number): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    for (const id of readdirSync(`/proc/${pid}/task`)) {
      // The system keeps 15 characters of a thread's name.
      if (readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8").startsWith("model-data-coll"))
        return Number(id);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`process ${pid} has no background thread`);
}
