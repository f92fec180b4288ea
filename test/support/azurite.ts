import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  newPipeline,
  type RequestPolicyFactory,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";

/** The emulator's public, documented account. */
export const azuriteAccount = "devstoreaccount1";
export const azuriteKey =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** The library's own version of the protocol is newer than Azurite's. */
const inAzuritesVersion: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest(request) {
      request.headers.set("x-ms-version", "2021-12-02");
      return next.sendRequest(request);
    },
  }),
};

/** A running Azurite blob server with a temporary folder of its own. */
export interface Azurite {
  /** `http://127.0.0.1:<port>/devstoreaccount1`, or https. */
  readonly url: string;
  readonly port: number;
  readonly connectionString: string;
  /** Creates a container, or finds it, and gives its client. */
  container(name: string): Promise<ContainerClient>;
  /**
   * A signature for a container; `permissions` as in `racwl`. Default: all that reading and writing need, for
   * an hour.
   */
  sas(container: string, options?: { permissions?: string; startsOn?: Date; expiresOn?: Date }): string;
  /** Stops answering, with connections left open (SIGSTOP). */
  pause(): void;
  /** Answers again (SIGCONT). */
  resume(): void;
  /** Ends the server and starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Ends the server (SIGTERM), leaving its folder for {@link start}. */
  halt(): Promise<void>;
  /** Starts the server after {@link halt}. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts Azurite on a free port of 127.0.0.1 and waits until it listens. With `tls` (files) it speaks https
 * only, and takes bearer tokens of any signature.
 */
export async function startAzurite(
  options: {
    readonly tls?: { readonly cert: string; readonly key: string };
    /** Takes requests of newer versions of the protocol than its own, as the newest clients send them. */
    readonly anyVersion?: boolean;
    /** Told what the server writes: a line for each request, with method, address and status. */
    readonly onOutput?: (text: string) => void;
  } = {},
): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), "azurite-"));
  const { tls, anyVersion = false, onOutput } = options;
  const extra = [
    ...(tls ? ["--cert", tls.cert, "--key", tls.key, "--oauth", "basic"] : []),
    ...(anyVersion ? ["--skipApiVersionCheck"] : []),
  ];
  let { child, port } = await launch(folder, 0, extra, onOutput);

  const scheme = tls ? "https" : "http";
  const url = `${scheme}://127.0.0.1:${port}/${azuriteAccount}`;
  const connectionString = [
    `DefaultEndpointsProtocol=${scheme}`,
    `AccountName=${azuriteAccount}`,
    `AccountKey=${azuriteKey}`,
    `BlobEndpoint=${url}`,
  ].join(";");
  const halt = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    // A paused process handles no signal; and never SIGKILL, which loses what was written in the last
    // seconds.
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    await gone;
  };
  const start = async (): Promise<void> => {
    ({ child, port } = await launch(folder, port, extra, onOutput));
  };
  const stop = async (): Promise<void> => {
    await halt();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    port,
    connectionString,
    async container(name) {
      const pipeline = newPipeline(new StorageSharedKeyCredential(azuriteAccount, azuriteKey));
      pipeline.factories.push(inAzuritesVersion);
      const client = new ContainerClient(`${url}/${name}`, pipeline);
      await client.createIfNotExists();
      return client;
    },
    sas(container, { permissions = "racwl", startsOn, expiresOn = new Date(Date.now() + 3_600_000) } = {}) {
      const key = new StorageSharedKeyCredential(azuriteAccount, azuriteKey);
      const values = {
        containerName: container,
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn,
        ...(startsOn ? { startsOn } : {}),
      };
      return generateBlobSASQueryParameters(values, key).toString();
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async restart() {
      await halt();
      await start();
    },
    halt,
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const main = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");

/**
 * Seven eighths of what Azurite loads are its telemetry, which is off, and its SQL store, which is not asked
 * for: both are given to it as loaded, and empty.
 */
const unused = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from "node:module";
  const require = createRequire(${JSON.stringify(main)});
  for (const name of ["applicationinsights", "./SqlBlobServer", "./SqlBlobConfiguration"]) {
    const id = require.resolve(name);
    require.cache[id] = { id, filename: id, loaded: true, exports: {} };
  }`)}`;
const START_DEADLINE_MS = 60_000;

async function launch(
  folder: string,
  port: number,
  extra: readonly string[],
  onOutput: ((text: string) => void) | undefined,
): Promise<{ child: ChildProcess; port: number }> {
  const args = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", folder];
  args.push("--disableTelemetry", "--disableProductStyleUrl", ...extra);
  if (onOutput === undefined) args.push("--silent");
  const child = spawn(process.execPath, ["--import", unused, main, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (onOutput !== undefined) child.stdout.setEncoding("utf8").on("data", onOutput);
  let output = "";
  const listening = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGTERM");
      reject(new Error(`Azurite did not start in time: ${output}`));
    }, START_DEADLINE_MS);
    const read = (chunk: Buffer): void => {
      if (output.length < 10_000) output += chunk.toString();
      const match = /listen\w* (?:at|on) https?:\/\/127\.0\.0\.1:(\d+)/.exec(output);
      if (!match) return;
      clearTimeout(timer);
      resolve(Number(match[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`Azurite ended with ${code}: ${output}`));
    });
  });
  return { child, port: await listening };
}
