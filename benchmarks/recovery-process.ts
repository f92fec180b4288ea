/** One half fills a spool and dies; the other finds it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDeployment } from "model-data-collector";
import { serve } from "./child.ts";
import { makeFrames } from "./frames.ts";

/**
 * `fill` leaves about so many bytes in the spool, in a process that is then to be killed; `recover` delivers
 * them.
 */
export interface RecoveryRequest {
  readonly kind: "fill" | "recover";
  readonly folder: string;
  readonly bytes: number;
}

/** What was left. */
export interface Filled {
  readonly rows: number;
  readonly bytes: number;
}

/** How long things took from before `openDeployment`, milliseconds. */
export interface Recovered {
  /** Until a first `collect` had returned. */
  readonly usableMs: number;
  /** Until that frame was safe in the spool. */
  readonly spooledMs: number;
  /** Until everything that had been left was delivered. */
  readonly deliveredMs: number;
  readonly rows: number;
}

serve(
  ({ kind, folder, bytes }: RecoveryRequest): Promise<Filled | Recovered> =>
    kind === "fill" ? fill(folder, bytes) : recover(folder),
);

async function fill(folder: string, bytes: number): Promise<Filled> {
  await mkdir(folder, { recursive: true });
  // A file where the folder should be: nothing can be delivered.
  const blocked = join(folder, "blocked");
  await writeFile(blocked, "");
  const deployment = await openDeployment({
    destination: join(blocked, "collected"),
    spool: { directory: join(folder, "spool"), maxBytes: 2 * 1024 ** 3 },
    onError() {},
  });
  const collector = deployment.collector("frames");
  const frames = makeFrames(2000, 10, 20);
  for (let made = 0; deployment.stats().bytes.offered < bytes; made++) {
    collector.collect(frames[made % frames.length]?.columns ?? {});
    if (made % 500 === 0) await deployment.flush({ to: "spool" });
  }
  await deployment.flush({ to: "spool" });
  const { frames: counts, rows, bytes: sizes } = deployment.stats();
  if (counts.spooled !== counts.offered)
    throw new Error(`expected all in the spool, got ${JSON.stringify(counts)}`);
  return { rows: rows.spooled, bytes: sizes.spooled };
}

async function recover(folder: string): Promise<Recovered> {
  const [frame] = makeFrames(1, 10, 20);
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const deployment = await openDeployment({
    destination: join(folder, "collected"),
    spool: { directory: join(folder, "spool"), maxBytes: 2 * 1024 ** 3 },
  });
  const collector = deployment.collector("frames");
  collector.collect(frame?.columns ?? {});
  const usableMs = elapsed();
  await deployment.flush({ to: "spool" });
  const spooledMs = elapsed();
  // Not in the spool's way: closing delivers what was found, too.
  await deployment.close({ deadlineMs: 120_000 });
  const deliveredMs = elapsed();
  const { lost, delivered } = deployment.status().recovered;
  if (lost.rows > 0) throw new Error(`expected nothing lost, got ${lost.rows} rows`);
  return { usableMs, spooledMs, deliveredMs, rows: delivered.rows };
}
