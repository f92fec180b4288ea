import { mkdirSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ContainerClient } from "@azure/storage-blob";
import { type Azurite, azuriteAccount, azuriteKey } from "../support/azurite.ts";
import { judge, type Journal, readStored, type Verdict } from "../support/oracle.ts";
import type { Scenario } from "./scenario.ts";
import { end, type StartOptions, startWorkload, type WorkloadProcess } from "./workload.ts";

/** A spool and a destination, the processes that use them, and in the end the judgement. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  /** The spool's folder. */
  readonly spool: string;
  /** All processes so far, in the order of their start. */
  readonly processes: readonly WorkloadProcess[];
  /** Starts a process; what the scenario says of the deployment is added to what this world says. */
  start(scenario?: WorldScenario, options?: Partial<StartOptions>): WorkloadProcess;
  /** Names of segments that wait in the spool; of all, or of those in quarantine. */
  waiting(where?: "quarantine"): string[];
  /** Starts successors until the spool is empty, at most `rounds`; returns how many it took. */
  drain(rounds?: number): Promise<number>;
  /** Drains, reads everything stored, compares; the journals are those of all processes. */
  judge(options?: { readonly quarantined?: number }): Promise<Verdict>;
  /** A folder with everything stored. */
  download(): Promise<string>;
}

export type WorldScenario = Partial<Omit<Scenario, "deployment" | "writer">> & {
  readonly deployment?: Partial<Scenario["deployment"]>;
};

/** Where a world stores. */
export interface Destination {
  readonly url: string;
  readonly credential?: string;
  /** Brings everything stored to a folder. */
  download(folder: string): Promise<string>;
}

/** A folder as the destination. */
export function folderDestination(path: string): Destination {
  return { url: path, download: async () => path };
}

/** A container of Azurite as the destination, reached through `port`. */
export function blobDestination(azurite: Azurite, container: ContainerClient, port: number): Destination {
  const account = `http://127.0.0.1:${port}/${azuriteAccount}`;
  return {
    url: `${account}/${container.containerName}/logs`,
    credential: connectionString(account),
    download: async (folder) => downloadTo(await azurite.container(container.containerName), folder),
  };
}

const downloadsAtOnce = 8;

/** Brings all blobs of a container into a folder of a folder, and says which. */
export async function downloadTo(container: ContainerClient, folder: string): Promise<string> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  const download = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const path = join(folder, "downloaded", name);
      await mkdir(dirname(path), { recursive: true });
      const { readableStreamBody } = await container.getBlobClient(name).download();
      if (readableStreamBody === undefined) throw new Error(`${name} has no content`);
      await writeFile(path, readableStreamBody);
    }
  };
  await Promise.all(Array.from({ length: downloadsAtOnce }, download));
  return join(folder, "downloaded");
}

/** A connection string for an account's address, with the emulator's name and key. */
export function connectionString(account: string): string {
  return `DefaultEndpointsProtocol=http;AccountName=${azuriteAccount};AccountKey=${azuriteKey};BlobEndpoint=${account}`;
}

/**
 * Makes a world with the given destination, or a folder; all its processes start with what is given as their
 * base.
 */
export async function createWorld(
  name: string,
  destinationOf: (folder: string) => Destination | Promise<Destination> = (folder) =>
    folderDestination(join(folder, "stored")),
  base: WorldScenario = {},
  baseOptions: Partial<StartOptions> = {},
): Promise<World> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), `mdc-faults-${name}-`));
  const spool = join(folder, "spool");
  const journals = join(folder, "journals");
  mkdirSync(journals);
  const destination = await destinationOf(folder);
  const processes: WorkloadProcess[] = [];

  function start(scenario: WorldScenario = {}, options: Partial<StartOptions> = {}): WorkloadProcess {
    const { deployment: baseDeployment, ...baseRest } = base;
    const { deployment, ...rest } = scenario;
    const { url, credential } = destination;
    const started = startWorkload(
      {
        ...baseRest,
        ...rest,
        writer: `${name}-${processes.length}`,
        deployment: {
          endpoint: "faults",
          destination: url,
          ...(credential === undefined ? {} : { credential }),
          ...baseDeployment,
          ...deployment,
          rotation: { maxAgeMs: 150, ...baseDeployment?.rotation, ...deployment?.rotation },
          spool: { directory: spool, minFreeBytes: 0, ...baseDeployment?.spool, ...deployment?.spool },
        },
      },
      { folder: journals, ...baseOptions, ...options },
    );
    processes.push(started);
    return started;
  }

  function waiting(where?: "quarantine"): string[] {
    return filesUnder(join(spool, "mc1")).filter(
      (path) =>
        /\.(open|seg)$/.test(path) && path.split("/").includes("quarantine") === (where === "quarantine"),
    );
  }

  async function drain(rounds = 10): Promise<number> {
    for (let round = 1; round <= rounds; round++) {
      // Each adds a fresh frame, which must make its way as well.
      const successor = start({ frames: 1, ending: "natural", barrierMs: 0 });
      const { code } = await successor.ended;
      if (code !== 0) throw new Error(`a successor ended with ${code}: ${successor.output}`);
      if (waiting().length === 0) return round;
    }
    throw new Error(`the spool is not empty after ${rounds} successors: ${waiting().slice(0, 5).join(", ")}`);
  }

  const download = (): Promise<string> => destination.download(folder);
  return {
    folder,
    spool,
    processes,
    start,
    waiting,
    drain,
    download,
    async judge({ quarantined = 0 } = {}) {
      await drain();
      const journals: Journal[] = processes.map((one) => one.journal());
      const verdict = judge(journals, await readStored(await download()));
      const problems = [...verdict.problems];
      const aside = waiting("quarantine").length;
      if (aside !== quarantined) problems.push(`${aside} segments are in quarantine, not ${quarantined}`);
      return { ...verdict, problems };
    },
    async [Symbol.asyncDispose]() {
      for (const { process: child } of processes) end(child, "SIGKILL");
      await Promise.all(processes.map(({ ended }) => ended));
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Paths of all files in a folder and its folders; files that vanish meanwhile are no trouble. */
export function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
