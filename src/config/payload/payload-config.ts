import type { CollectionPolicy } from "../protection/policy.ts";
import type { RedactRules } from "../protection/redact-rules.ts";

/**
 * What payload logging does where its own options say nothing; of what protects (`redact`, `policy`) the
 * strictest of both holds. Meanings: `PayloadOptions`.
 */
export interface PayloadConfig {
  /** Bytes. */
  readonly maxBodyBytes: number;
  readonly largeBodies: "truncate" | "aside";
  readonly decode: boolean;
  readonly redact: BodyRedactConfig;
  /** By route, as each source says it: the strictest of what they say of a request holds. */
  readonly policy: readonly PolicyByRoute[];
  /** Patterns of the routes that leave no row. */
  readonly ignore: readonly string[];
  /** Names for rows without; null if no typed columns are read. */
  readonly tabular: TabularColumns | null;
}

/** By JSON path, for each side. */
export interface BodyRedactConfig {
  readonly request: RedactRules;
  readonly response: RedactRules;
}

/** What is stored of exchanges, by the pattern of their routes; of several the longest counts. */
export type PolicyByRoute = Readonly<Record<string, CollectionPolicy>>;

/** Names of columns, in their order, for bodies whose rows name none. */
export interface TabularColumns {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** What holds if nobody says anything. */
export const defaultPayload: PayloadConfig = {
  maxBodyBytes: 1 << 20,
  largeBodies: "truncate",
  decode: false,
  redact: { request: {}, response: {} },
  policy: [],
  ignore: ["GET /health*", "GET /live*", "GET /metrics", "GET /ready*"],
  tabular: null,
};
