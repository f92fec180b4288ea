import { join } from "node:path";
import { onTestFinished } from "vitest";
import { duckdbCollection } from "./parquet-engines.ts";
import { type SidecarProcess, startSidecar } from "./sidecar-process.ts";
import { tempFolder } from "./temp-folder.ts";

type Row = Readonly<Record<string, unknown>>;

/** `mdc sidecar` in front of a target, in a process of its own, which logs into a folder. */
export interface ProxySidecar extends SidecarProcess {
  /** Where it listens on loopback. */
  readonly port: number;
  /** `http://127.0.0.1:9090`. */
  readonly admin: string;
  /** Ends it, and gives what was stored, as DuckDB reads it. */
  stored(): Promise<{ readonly requests: readonly Row[]; readonly responses: readonly Row[] }>;
}

/** Where a sidecar writes, and what else it is told. */
export interface ProxySidecarOptions {
  /** It ends with the test and has a new folder, if none is given. */
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts one in front of `target`, at any ports that are free. */
export async function proxySidecar(
  target: string,
  { folder, args = [], env = {} }: ProxySidecarOptions = {},
): Promise<ProxySidecar> {
  const place = folder ?? (await tempFolder());
  const destination = join(place, "collected");
  const anywhere = ["--target", target, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const started = await startSidecar(destination, join(place, "spool"), [...anywhere, ...args], env);
  if (folder === undefined) onTestFinished(() => void started.process.kill("SIGKILL"));
  return {
    ...started,
    port: Number(new URL(started.urls["listen"] ?? "").port),
    admin: started.urls["admin"] ?? "",
    stored: async () => {
      const code = await started.end();
      if (code !== 0) throw new Error(`the sidecar ended with ${code}: ${started.told()}`);
      return {
        requests: await duckdbCollection(destination, "request"),
        responses: await duckdbCollection(destination, "response"),
      };
    },
  };
}
