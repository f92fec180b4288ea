import { type Clock, systemClock } from "../base/time/clock.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import type { Backend } from "../pipeline/backend.ts";
import type { Engine } from "../pipeline/delivery/engine.ts";
import { openStore } from "../store/open-store.ts";
import { BackgroundThread } from "./background/background-thread.ts";
import { createSpoolFirst } from "./background/spool-first.ts";
import type { EngineHost, EngineSpec } from "./compose.ts";
import type { Accounting } from "./accounting.ts";
import { credentialsOf } from "./credentials.ts";
import type { Reporter } from "./report/reporter.ts";

/** What a deployment is made of, replaceable for tests. */
export interface CoreParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly startBackend: (spec: EngineSpec, host: EngineHost, clock: Clock) => Backend;
  /** Whether frames may wait for their request's end. Default: unless durability is `frame`. */
  readonly waits?: boolean;
  /** False: nothing is told to the stored ledger, and no timer is set for it. Default true. */
  readonly keepsLedger?: boolean;
}

export const systemParts: CoreParts = { clock: systemClock, ids: systemIds, startBackend };

function startBackend(spec: EngineSpec, host: EngineHost, clock: Clock): Backend {
  const startThread = (forHost: EngineHost): Engine => new BackgroundThread(spec, forHost, clock);
  if (spec.config.spool.durability !== "frame") return startThread(host);
  return createSpoolFirst(spec, host, startThread, clock);
}

/** Who is told by a backend. */
interface Told {
  readonly accounting: Pick<Accounting, "take">;
  readonly reporter: Pick<Reporter, "trouble">;
}

/** Starts the backend of a deployment. Throws if destination and credential do not go together. */
export function backendOf(
  resolved: ResolvedDeployment,
  instance: string,
  { clock, startBackend: start }: CoreParts,
  { accounting, reporter }: Told,
): Backend {
  const { config } = resolved;
  const credentials = credentialsOf(resolved);
  // Made on this thread only to be told that at once.
  void openStore(config.destination, credentials.proof).close();
  credentials.load((why) => reporter.trouble("DELIVERY_BLOCKED", "delivery_blocked", () => why, {}));
  const spec: EngineSpec = {
    // Predicates stay on this thread.
    config: { ...config, keep: [] },
    instance,
    spoolDirectory: config.spool.directory,
    credential: credentials.spec,
    network: resolved.network.reveal(),
  };
  const { getToken } = credentials;
  return start(spec, { emit: (event) => accounting.take(event), getToken }, clock);
}
