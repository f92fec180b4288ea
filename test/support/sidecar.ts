import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "./packed-project.ts";
import { duckdbCollection } from "./parquet-engines.ts";
import { type Scratch, scratch, until } from "./scratch.ts";

type Row = Readonly<Record<string, unknown>>;

/** `mdc sidecar` in a process of its own, which logs into a folder. */
export interface RunningSidecar {
  readonly port: number;
  /** `http://127.0.0.1:9090`. */
  readonly admin: string;
  readonly process: ChildProcess;
  readonly place: Pick<Scratch, "destination" | "env">;
  /** What it wrote to its standard error. */
  errors(): string;
  /** Ends it with SIGTERM, and gives its exit code. */
  end(): Promise<number | null>;
  /** Ends it, and gives what was stored, as DuckDB reads it. */
  stored(): Promise<{ readonly requests: readonly Row[]; readonly responses: readonly Row[] }>;
}

/** Where a sidecar writes, and how long it lives. */
export interface SidecarPlace {
  readonly place?: Pick<Scratch, "destination" | "env">;
  readonly env?: Readonly<Record<string, string>>;
  /** With `file`, whoever started it ends it. */
  readonly lives?: "test" | "file";
}

/** Starts one in front of `target`; it ends with the test. */
export async function startSidecar(
  target: string,
  args: readonly string[] = [],
  { place, env = {}, lives = "test" }: SidecarPlace = {},
): Promise<RunningSidecar> {
  const used = place ?? (await scratch());
  const child = spawn(
    process.execPath,
    [
      join(root, "dist/cli/main.js"),
      ...["sidecar", "--target", target, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...args],
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...used.env, ...env } },
  );
  if (lives === "test") onTestFinished(() => void child.kill("SIGKILL"));
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  await until(() => output.includes("admin on") || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`the sidecar has ended: ${errors}`);
  const end = async (): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    return (await exit)[0] as number | null;
  };
  return {
    port: Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]),
    admin: /admin on (\S+)/.exec(output)?.[1] ?? "",
    process: child,
    place: used,
    errors: () => errors,
    end,
    stored: async () => {
      const code = await end();
      if (code !== 0) throw new Error(`the sidecar ended with ${code}: ${errors}`);
      return {
        requests: await duckdbCollection(used.destination, "request"),
        responses: await duckdbCollection(used.destination, "response"),
      };
    },
  };
}
