import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "./packed-project.ts";

/** A running `mdc sidecar`. */
export interface SidecarProcess {
  /** What it said of where it listens. */
  readonly urls: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
  /** What it has written to stderr so far. */
  readonly told: () => string;
  /** Tells it to end; resolves to its exit code. */
  end(): Promise<number | null>;
}

/** Starts `mdc sidecar` as it is built, with files in `destination`. Whoever starts it ends it. */
export async function startSidecar(
  destination: string,
  spool: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<SidecarProcess> {
  const program = join(root, "dist", "cli", "main.js");
  const places = ["--root", destination, "--spool", spool, "--json"];
  const child = spawn(process.execPath, [program, "sidecar", ...args, ...places], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MDC_ENDPOINT: "flights", MDC_DEPLOYMENT: "blue", ...env },
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const exited = once(child, "exit") as Promise<[number | null]>;
  const urls = await new Promise<Record<string, string>>((resolve, reject) => {
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      try {
        resolve(JSON.parse(out) as Record<string, string>);
      } catch {
        // There is more to come.
      }
    });
    child.once("exit", (code) => reject(new Error(`mdc sidecar ended with ${code}: ${err}`)));
  });
  return {
    urls,
    process: child,
    told: () => err,
    end: async () => {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code;
    },
  };
}

/** The same, for a test, with whose end it is killed. */
export async function sidecarForTest(...args: Parameters<typeof startSidecar>): Promise<SidecarProcess> {
  const started = await startSidecar(...args);
  onTestFinished(() => void started.process.kill("SIGKILL"));
  return started;
}
