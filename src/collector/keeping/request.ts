import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { RequestOutcome } from "../../config/keeping/keep-rule.ts";
import type { Queued } from "../../pipeline/batching/frame-queue.ts";
import type { CorrelationContext } from "../context/correlation-context.ts";
import type { PassedDecision } from "../context/decision-header.ts";
import type { Follower } from "../context/request-life.ts";
import type { UnsampledCollection } from "../profiling/unsampled-collection.ts";
import type { CallFacts } from "./call-facts.ts";

/** A frame that waits until it is decided whether its request is kept. */
export interface HeldFrame {
  readonly queued: Queued;
  readonly facts: CallFacts;
  /** Takes it if it is left out; undefined if it is not profiled. */
  readonly unsampled: UnsampledCollection | undefined;
  /** What the rate says of it. */
  readonly sampled: boolean;
  /** What was given to `collect`, for predicates that want to see it when the request has ended. */
  readonly frame: object | undefined;
  /** Bytes that it takes while it waits. */
  readonly memory: number;
}

/** Who is told what becomes of requests: the deployment that decides them. */
export interface RequestKeeper {
  /** It is to be kept, whatever the rate. */
  kept(request: Request): void;
  ended(request: Request, outcome: RequestOutcome, over: boolean): void;
}

/**
 * A request as one deployment sees it: the configuration that all its frames are decided under, so that a
 * change between inputs and outputs parts nothing; and its frames that wait. A class for the reason that a
 * snapshot is one: see `snapshot.ts`.
 */
export class Request implements Follower {
  readonly owner: RequestKeeper;
  readonly context: CorrelationContext;
  /** As it was when the first frame came. */
  readonly config: DeploymentConfig;
  /** No collection's rate counts for more: an earlier service decided so. */
  readonly maxRate: number;
  /** True if it is kept, whatever the rate. */
  kept = false;
  /** True if nothing is to be expected of it any more that would decide it. */
  over = false;
  held: HeldFrame[] | undefined = undefined;
  /** When the first of these came, of `Clock.monotonic`. */
  heldSince = 0;
  /** Its neighbours among the requests with frames that wait. */
  older: Request | undefined = undefined;
  newer: Request | undefined = undefined;
  next: Follower | undefined = undefined;

  constructor(owner: RequestKeeper, context: CorrelationContext, config: DeploymentConfig, maxRate: number) {
    this.owner = owner;
    this.context = context;
    this.config = config;
    this.maxRate = maxRate;
  }

  get decision(): PassedDecision {
    const { samplingRate, version } = this.config;
    return { rate: Math.min(samplingRate, this.maxRate), version };
  }

  keep(): void {
    if (this.kept) return;
    this.kept = true;
    this.owner.kept(this);
  }

  began(): void {
    this.over = false;
  }

  ended(outcome: RequestOutcome, over: boolean): void {
    this.over = over;
    this.owner.ended(this, outcome, over);
  }
}
