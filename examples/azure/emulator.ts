import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The account that every emulator has; its key is public. */
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** A running Azurite: Azure Storage on this machine, for trying things out. */
export interface Emulator extends AsyncDisposable {
  /** Where its blobs are: `http://127.0.0.1:<port>/devstoreaccount1`. */
  readonly url: string;
  readonly connectionString: string;
}

/** Starts Azurite on a free port of 127.0.0.1, in a folder that is removed with it. */
export async function startEmulator(): Promise<Emulator> {
  const folder = await mkdtemp(join(tmpdir(), "azurite-"));
  const program = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
  const place = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", folder];
  const child = spawn(process.execPath, [program, ...place, "--skipApiVersionCheck", "--disableTelemetry"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");

  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    const port = /successfully listen\w* (?:at|on) http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    url = `http://127.0.0.1:${port}/${account}`;
    break;
  }
  // What it prints later is not wanted, but must not fill the pipe.
  child.stdout.resume();
  if (url === undefined) throw new Error("Azurite ended before it listened");

  return {
    url,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${url}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
