import { ownJson } from "../base/own-json.ts";
import { agent } from "../base/version.ts";
import type { ErrorListener } from "../config/callbacks.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import type { SystemConstants } from "../frame/batch.ts";
import type { Ledger } from "../pipeline/ledger.ts";
import type { Collection } from "../pipeline/collection.ts";
import { UnsampledCollection } from "./profiling/unsampled-collection.ts";
import { type Terms, termsUnder } from "./keeping/terms.ts";
import { type Protection, protectionOf } from "./protection.ts";
import { TimeBudget } from "./time-budget.ts";
import type { RateLimitedListener } from "./report/rate-limited-listener.ts";

/** Listeners remembered for each collection; the oldest is forgotten. */
const maxListeners = 100;

/**
 * One collection of a deployment: what its collectors share. All that `collect` reads is a plain field,
 * swapped when the configuration is, so that a call looks nothing up.
 */
export class DeploymentCollection implements Collection {
  readonly name: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly format: Collection["format"];
  readonly rollingRate: Collection["rollingRate"];
  readonly ledger: Ledger;
  readonly budget: TimeBudget = new TimeBudget();
  readonly #instanceId: string | null;
  readonly #listeners = new Map<ErrorListener | undefined, RateLimitedListener>();

  /** What holds for requests that begin now. */
  config: DeploymentConfig;
  terms: Terms;
  limits: DeploymentConfig["limits"];
  /** What of a frame may be kept: a new object with each configuration. */
  protection: Protection;
  constants: SystemConstants;
  maxTextBytes = 0;
  /** Where its frames go that the rate leaves out; undefined if they are not profiled. */
  unsampled: UnsampledCollection | undefined = undefined;
  /** Lower-case columns that a collector of it redacts. */
  readonly #redacted = new Set<string>();

  constructor(name: string, config: DeploymentConfig, ledger: Ledger, instanceId: string | null) {
    this.name = name;
    this.endpoint = config.endpoint;
    this.deployment = config.deployment;
    this.format = config.format;
    this.rollingRate = config.rollingRate;
    this.ledger = ledger;
    this.#instanceId = instanceId;
    this.config = config;
    this.terms = termsUnder(config, name);
    this.limits = config.limits;
    this.protection = protectionOf(config, name);
    this.constants = this.#constantsOf(config);
  }

  /** From now on its rows are profiled, also those of frames that the rate leaves out. */
  profile(): void {
    this.unsampled = new UnsampledCollection(this);
    this.#refresh();
  }

  /** One of its collectors replaces these columns, by lower-case name. */
  redacts(columns: Iterable<string>): void {
    const before = this.#redacted.size;
    for (const column of columns) this.#redacted.add(column);
    if (this.#redacted.size !== before) this.#refresh();
  }

  /**
   * Who is told of what happens to frames of this collection after `collect`: all its collectors' listeners.
   */
  get listeners(): Iterable<RateLimitedListener> {
    return this.#listeners.values();
  }

  /** Who is told for a collector with this `onError`; those with the same one share it. */
  listenerOf(onError: ErrorListener | undefined, create: () => RateLimitedListener): RateLimitedListener {
    let listener = this.#listeners.get(onError);
    if (listener === undefined) {
      // A collector made anew for each request, with a listener of its own, must not fill the memory.
      if (this.#listeners.size >= maxListeners) {
        this.#listeners.delete(this.#listeners.keys().next().value);
      }
      listener = create();
      this.#listeners.set(onError, listener);
    }
    return listener;
  }

  /** From now on texts of so many bytes are stored whole. They are no features, so nothing is profiled. */
  takeTexts(maxBytes: number): void {
    this.maxTextBytes = Math.max(this.maxTextBytes, maxBytes);
    this.unsampled = undefined;
    this.#refresh();
  }

  /** Takes over a new configuration, whole. */
  configure(config: DeploymentConfig): void {
    this.config = config;
    this.terms = termsUnder(config, this.name);
    this.limits = config.limits;
    this.protection = protectionOf(config, this.name);
    this.#refresh();
  }

  #refresh(): void {
    const constants = this.#constantsOf(this.config);
    // A new object ends the batch being gathered, so it is one only if something in it changed.
    if (ownJson(constants) !== ownJson(this.constants)) this.constants = constants;
  }

  #constantsOf({ endpoint, deployment, modelName, modelVersion }: DeploymentConfig): SystemConstants {
    return {
      source: `/${endpoint}/${deployment}`,
      endpoint,
      deployment,
      modelName,
      modelVersion,
      instanceId: this.#instanceId,
      agent,
      ...(this.unsampled === undefined ? {} : { profiled: this.#withoutValues() }),
    };
  }

  #withoutValues(): string {
    const columns = new Set([...this.#redacted, ...this.protection.copying.redaction.keys()]);
    return ownJson([...columns].sort());
  }
}
