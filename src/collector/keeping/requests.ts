import type { DeploymentConfig } from "../../config/deployment-config.ts";
import { CorrelationContext } from "../context/correlation-context.ts";
import type { PassedDecision } from "../context/decision-header.ts";
import { Request } from "./request.ts";

/** Configurations remembered, for requests that an earlier service decided under one of them. */
const maxRecent = 8;

/**
 * The requests of one deployment. Each is decided once, under the configuration that its first frame found.
 */
export class Requests {
  #current: DeploymentConfig;
  /** Those of before, the newest first. */
  #recent: readonly DeploymentConfig[] = [];

  constructor(config: DeploymentConfig) {
    this.#current = config;
  }

  /** False if nothing is collected any more, of whatever request. It holds at once. */
  get enabled(): boolean {
    return this.#current.enabled && !this.#current.killSwitch;
  }

  /** From now on requests begin under this. */
  configure(config: DeploymentConfig): void {
    this.#recent = [this.#current, ...this.#recent].slice(0, maxRecent);
    this.#current = config;
  }

  /** The request of a context; it begins now if this is the first frame of it. */
  of(context: CorrelationContext): Request {
    const life = CorrelationContext.lifeOf(context);
    const known = life.followerOf(this);
    if (known !== undefined) return known as Request;
    const request = this.#begun(life.passed);
    life.follow(request);
    return request;
  }

  /**
   * Decided as the earlier service says, under the configuration in which this process had the same rate, of
   * the same version if there is one. Headers may be a stranger's: a rate that never held here can only lower
   * what is kept.
   */
  #begun(passed: PassedDecision | undefined): Request {
    const current = this.#current;
    if (passed === undefined) return new Request(this, current, 1);
    const same = [current, ...this.#recent].filter(({ samplingRate }) => samplingRate === passed.rate);
    const config = same.find(({ version }) => version === passed.version) ?? same[0];
    return new Request(this, config ?? current, config === undefined ? passed.rate : 1);
  }
}
