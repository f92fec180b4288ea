import { type Clock, systemClock } from "../base/time/clock.ts";
import { type Ids, systemIds } from "../base/ids.ts";
import type { Backend } from "../pipeline/backend.ts";
import type { Engine } from "../pipeline/delivery/engine.ts";
import { BackgroundThread } from "./background/background-thread.ts";
import { createSpoolFirst } from "./background/spool-first.ts";
import type { EngineHost, EngineSpec } from "./compose.ts";

/** What a deployment is made of, replaceable for tests. */
export interface CoreParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly startBackend: (spec: EngineSpec, host: EngineHost, clock: Clock) => Backend;
  /** Whether frames may wait for their request's end. Default: unless durability is `frame`. */
  readonly waits?: boolean;
}

export const systemParts: CoreParts = { clock: systemClock, ids: systemIds, startBackend };

function startBackend(spec: EngineSpec, host: EngineHost, clock: Clock): Backend {
  const startThread = (forHost: EngineHost): Engine => new BackgroundThread(spec, forHost, clock);
  if (spec.config.spool.durability !== "frame") return startThread(host);
  return createSpoolFirst(spec, host, startThread, clock);
}
