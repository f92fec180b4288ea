import { type DeploymentConfig, effectiveCollection } from "../../config/deployment-config.ts";

/** What frames of one collection are decided under, and stored with. */
export interface Terms {
  readonly enabled: boolean;
  /** 0 to 1. */
  readonly samplingRate: number;
  readonly configVersion: number;
}

/** Those of a collection under a configuration. */
export function termsUnder(config: DeploymentConfig, collection: string): Terms {
  return { ...effectiveCollection(config, collection), configVersion: config.version };
}

/** Those of a collection for one request: under the configuration that the request began with. */
export function termsFor(
  { config, kept, maxRate }: BegunRequest,
  { name, config: current, terms }: NamedTerms,
): Terms {
  const own = config === current ? terms : termsUnder(config, name);
  const samplingRate = kept ? 1 : Math.min(own.samplingRate, maxRate);
  return samplingRate === own.samplingRate ? own : { ...own, samplingRate };
}

/** What of a request its terms follow from. */
interface BegunRequest {
  readonly config: DeploymentConfig;
  readonly kept: boolean;
  readonly maxRate: number;
}

/** A collection, and what holds for requests that begin now. */
export interface NamedTerms {
  readonly name: string;
  readonly config: DeploymentConfig;
  readonly terms: Terms;
}
