import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { nodePath, type WorkloadProcess } from "../workload.ts";
import { type Destination, filesUnder } from "../world.ts";

/** A spool that writers have one after another, as pods have a volume. */
export interface Volume {
  readonly folder: string;
  readonly users: WorkloadProcess[];
  /** Nobody uses it after its last user's death. */
  isLost: boolean;
}

/** Segments that wait in a volume. */
export function waitingIn({ folder }: Volume): string[] {
  return filesUnder(folder).filter((path) => /\.(open|seg)$/.test(path));
}

const program: string = join(import.meta.dirname, "../../../dist/cli/main.js");

/** Delivers what waits in these volumes, as whoever finds them does; says what went wrong. */
export async function drainVolumes(
  volumes: readonly Volume[],
  { url, credential }: Destination,
): Promise<string[]> {
  const problems: string[] = [];
  const env = credential === undefined ? {} : { AZURE_STORAGE_CONNECTION_STRING: credential };
  for (const volume of volumes) {
    if (waitingIn(volume).length === 0) continue;
    const args = [program, "spool", "drain", "--spool", volume.folder, "--root", url];
    const child = spawn(nodePath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) problems.push(`mdc spool drain ended with ${code}: ${output}`);
    const left = waitingIn(volume).length;
    if (left > 0) problems.push(`${left} segments still wait after mdc spool drain: ${output}`);
  }
  return problems;
}
