import { LocalAgent } from "../agent/local-agent.ts";
import { addCounts, type Counts, noCounts } from "../base/counts.ts";
import { systemClock } from "../base/time/clock.ts";
import { systemIds } from "../base/ids.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import type { Emit } from "../pipeline/engine-event.ts";
import type { DropReason } from "../pipeline/ledger.ts";
import { openStore } from "../store/open-store.ts";
import { composeEngine, type EngineSpec } from "../collector/compose.ts";
import { credentialsOf } from "../collector/credentials.ts";

export interface DrainOptions {
  /** Milliseconds at most. */
  readonly deadlineMs: number;
  /** Told after each file what was delivered so far. */
  readonly onProgress: (delivered: Counts) => void;
  /** Told what is wrong, for people. */
  readonly onTrouble: (message: string) => void;
}

/** What a drain came to. */
export interface DrainReport {
  readonly delivered: Counts;
  /** What could not be: set aside in quarantine, or damaged beyond reading. */
  readonly lost: readonly (Counts & { readonly reason: DropReason; readonly collection: string })[];
  /** Frames that were taken over and not delivered in time; they stay in the spool. */
  readonly pending: number;
}

/**
 * Without a delivery for so long, while the destination refuses: waiting longer helps nobody. Milliseconds.
 */
const patienceMs = 30_000;

/** For people: where a drain delivers to. Throws if destination and credential do not go together. */
export async function drainTarget(resolved: ResolvedDeployment): Promise<string> {
  const { config } = resolved;
  const target =
    config.format === "azureml"
      ? new LocalAgent(config.agent)
      : openStore(config.destination, credentialsOf(resolved).proof);
  await target.close();
  return target.description;
}

/**
 * Takes over what dead processes left in the spool folder `directory`, and delivers it to the configured
 * destination until all is there, the deadline has come, or the destination refuses for good. Never touches
 * what a living process owns. Throws if destination and credential do not go together.
 */
export async function drainSpool(
  resolved: ResolvedDeployment,
  directory: string,
  { deadlineMs, onProgress, onTrouble }: DrainOptions,
): Promise<DrainReport> {
  const { config } = resolved;
  const credentials = credentialsOf(resolved);
  const getToken = (scopes: string | string[]): ReturnType<typeof credentials.getToken> =>
    credentials.getToken(scopes);
  const spec: EngineSpec = {
    config,
    instance: systemIds.random128(),
    spoolDirectory: directory,
    credential: credentials.spec,
  };
  let delivered = noCounts;
  const lost: (Counts & { reason: DropReason; collection: string })[] = [];
  let giveUp = (): void => {};
  const refused = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  let patience: Disposable | undefined;
  const emit: Emit = (event) => {
    switch (event.kind) {
      case "delivered":
        delivered = addCounts(delivered, event.counts);
        patience?.[Symbol.dispose]();
        patience = undefined;
        onProgress(delivered);
        return;
      case "dropped":
        lost.push({ reason: event.reason, collection: event.collection, ...event.counts });
        return;
      case "trouble":
        onTrouble(event.message);
        return;
      case "health":
        if (event.health.status === "failing") patience ??= systemClock.setTimer(giveUp, patienceMs);
        return;
      default:
    }
  };
  const engine = composeEngine(spec, { emit, getToken });
  const flushed = engine.flush("empty", deadlineMs).then(({ pending }) => pending ?? 0);
  await Promise.race([flushed, refused]);
  await engine.close(0);
  patience?.[Symbol.dispose]();
  // Closing ended it, if it had not ended.
  return { delivered, lost, pending: await flushed };
}
