import { agent } from "../base/version.ts";
import { type DeploymentConfig, effectiveCollection } from "../config/deployment-config.ts";
import type { SystemConstants } from "../frame/batch.ts";
import type { Stream } from "../pipeline/batcher.ts";
import { Ledger } from "../pipeline/ledger.ts";

/**
 * One collection of a deployment: what its collectors share. All that `collect` reads is a plain field, swapped when the
 * configuration is, so that a call looks nothing up.
 */
export class Collection implements Stream {
  readonly collection: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly format: Stream["format"];
  readonly rollingRate: Stream["rollingRate"];
  readonly ledger: Ledger;
  readonly #instanceId: string | null;

  /** False: `collect` is a no-op. */
  enabled = true;
  /** 0 to 1. */
  samplingRate = 1;
  configVersion = 0;
  limits: DeploymentConfig["limits"];
  constants: SystemConstants;

  constructor(name: string, config: DeploymentConfig, total: Ledger, instanceId: string | null) {
    this.collection = name;
    this.endpoint = config.endpoint;
    this.deployment = config.deployment;
    this.format = config.format;
    this.rollingRate = config.rollingRate;
    this.ledger = new Ledger(total);
    this.#instanceId = instanceId;
    this.limits = config.limits;
    this.constants = this.#constantsOf(config);
    this.configure(config);
  }

  /** Takes over a new configuration, whole. */
  configure(config: DeploymentConfig): void {
    const { enabled, samplingRate } = effectiveCollection(config, this.collection);
    this.enabled = enabled;
    this.samplingRate = samplingRate;
    this.configVersion = config.version;
    this.limits = config.limits;
    const constants = this.#constantsOf(config);
    // A new object ends the batch being gathered, so it is one only if something in it changed.
    if (JSON.stringify(constants) !== JSON.stringify(this.constants)) this.constants = constants;
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
    };
  }
}
