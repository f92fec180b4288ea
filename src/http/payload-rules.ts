import type { DeploymentConfig } from "../config/deployment-config.ts";
import { defaultPayload, type PayloadConfig, type TabularColumns } from "../config/payload/payload-config.ts";
import { policyOfRoutes, type Route, routesMatcher } from "../config/payload/route-patterns.ts";
import { type BodyRedactions, bodyRedactions } from "./body/redaction/redaction-options.ts";
import type { PayloadPolicy, PayloadRequest, PayloadSettings } from "./payload-options.ts";

/** What of a deployment's configuration payload logging goes by; that of an earlier version has not all. */
export type PayloadConfigSource = Partial<Pick<DeploymentConfig, "captureHeaders" | "payload" | "limits">>;

/** What payload logging does, right now: its options with the configuration that holds. */
export interface PayloadRules {
  readonly captureHeaders: readonly string[];
  /** Of a body, as it comes and decoded: no more than a row has room for. */
  readonly maxBodyBytes: number;
  /** Bytes of a body that a row has room for. */
  readonly maxRowBytes: number;
  /** Whether a longer body becomes an object of its own. */
  readonly storesAside: boolean;
  readonly decode: boolean;
  readonly redact: BodyRedactions;
  /** What the configuration lets be stored. */
  readonly allowed: (route: Route) => PayloadPolicy;
  /** Undefined if nobody can say. */
  readonly ignore: (request: PayloadRequest) => boolean | undefined;
  /** True if nobody said what to ignore. */
  readonly ignoresProbes: boolean;
  /** Names for rows without; null if no columns are read. */
  readonly tabular: TabularColumns | null;
}

/** Makes the rules anew with each configuration. */
export class FollowedRules {
  readonly #own: PayloadSettings;
  #source: PayloadConfigSource | undefined;
  #rules: PayloadRules;

  constructor(own: PayloadSettings) {
    this.#own = own;
    this.#rules = rulesOf(own, {});
  }

  /** The rules under a configuration, which is one object as long as it holds. */
  under(source: PayloadConfigSource | undefined): PayloadRules {
    if (source !== this.#source) {
      this.#source = source;
      this.#rules = rulesOf(this.#own, source ?? {});
    }
    return this.#rules;
  }
}

/** Room in a row for all but its body, bytes: Node takes heads of 16 KiB, which are stored as JSON. */
const maxHeadBytes = 96 << 10;

function rulesOf(
  own: PayloadSettings,
  { captureHeaders = [], payload, limits }: PayloadConfigSource,
): PayloadRules {
  const said: PayloadConfig = payload ?? defaultPayload;
  const maxRowBytes = Math.max(0, (limits?.maxFrameBytes ?? Number.POSITIVE_INFINITY) - maxHeadBytes);
  return {
    captureHeaders: own.captureHeaders ?? captureHeaders,
    maxBodyBytes: Math.min(own.maxBodyBytes ?? said.maxBodyBytes, maxRowBytes),
    maxRowBytes,
    storesAside: (own.largeBodies ?? said.largeBodies) === "aside",
    decode: own.decode ?? said.decode,
    redact: bodyRedactions(own.redact, said.redact),
    allowed: policyOfRoutes(said.policy),
    ignore: own.ignore ?? routesMatcher(said.ignore),
    ignoresProbes: own.ignore === undefined && said.ignore === defaultPayload.ignore,
    tabular: own.tabular === undefined ? said.tabular : own.tabular,
  };
}
