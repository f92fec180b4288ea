/**
 * Azure's own Python SDK logs frames of all dtypes, from two threads, into `mdc sidecar --agent`: in the Parquet
 * files pandas must find what pandas itself writes of them.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startSidecar } from "../support/sidecar-process.ts";

/** Runs a script of this folder, and gives what it prints; throws if it fails. */
type RunPython = (script: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<string>;

/** Returns what is to be told; throws at a difference. */
export async function logThroughSidecar(folder: string, python: RunPython): Promise<string> {
  const destination = join(folder, "logged");
  const sidecar = await startSidecar(destination, join(folder, "logged-spool"), ["--agent", "127.0.0.1:0"]);
  try {
    const { hostname, port } = new URL(sidecar.urls["agent"] ?? "");
    const config = join(folder, "logged-config.json");
    const collections = { model_inputs: { enabled: true } };
    await writeFile(config, JSON.stringify({ runMode: "cloud", collections }));
    const env = {
      AZUREML_MDC_CONFIG_PATH: config,
      AZUREML_MDC_HOST: hostname,
      AZUREML_MDC_PORT: port,
    };
    await python("logged_frames.py", ["send"], env);
    const code = await sidecar.end();
    if (code !== 0) throw new Error(`the sidecar ended with ${code}: ${sidecar.told()}`);
    return (await python("logged_frames.py", ["read", destination], {})).trim();
  } finally {
    sidecar.process.kill("SIGKILL");
  }
}
