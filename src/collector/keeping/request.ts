import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { PassedDecision } from "../context/decision-header.ts";
import type { Follower } from "../context/request-life.ts";

/**
 * A request as one deployment sees it: the configuration that all its frames are decided under, so that a
 * change between inputs and outputs parts nothing. A class for the reason that a snapshot is one: see
 * `snapshot.ts`.
 */
export class Request implements Follower {
  readonly owner: object;
  /** As it was when the first frame came. */
  readonly config: DeploymentConfig;
  /** No collection's rate counts for more: an earlier service decided so. */
  readonly maxRate: number;
  /** True if it is kept, whatever the rate. */
  kept = false;
  next: Follower | undefined = undefined;

  constructor(owner: object, config: DeploymentConfig, maxRate: number) {
    this.owner = owner;
    this.config = config;
    this.maxRate = maxRate;
  }

  get decision(): PassedDecision {
    const { samplingRate, version } = this.config;
    return { rate: Math.min(samplingRate, this.maxRate), version };
  }

  keep(): void {
    this.kept = true;
  }
}
