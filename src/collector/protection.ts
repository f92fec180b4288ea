import { type DeploymentConfig, effectiveProtection } from "../config/deployment-config.ts";
import type { RedactRule } from "../config/protection/redact-rules.ts";
import { secretNamed } from "../config/protection/secret-variable.ts";
import {
  type RedactOptions,
  type Redaction,
  resolveRedaction,
  strictestRedaction,
} from "../frame/copy/redaction.ts";
import type { Schema } from "../layout/schema.ts";
import type { SnapshotOptions } from "../frame/snapshot.ts";

/** What the configuration lets a collection keep of its frames. */
export interface Protection {
  /** Nothing of a frame, of whatever request; it holds at once. */
  readonly isNone: boolean;
  /** How its frames are copied. */
  readonly copying: Required<Pick<SnapshotOptions, "policy" | "hashKey" | "redaction">>;
}

/** What a collector was made with. */
interface OwnRules {
  readonly declared?: Schema;
  readonly redaction: Redaction;
}

/** What of a collection changes with the configuration. */
interface Protected {
  readonly limits: SnapshotOptions["limits"];
  readonly protection: Protection;
  /** Notes which columns are replaced, by lower-case name. */
  redacts(columns: Iterable<string>): void;
}

/** How the frames of one collector are copied: its own rules with those of the configuration that holds. */
export class Copying {
  readonly #collection: Protected;
  readonly #own: OwnRules;
  #protection: Protection | undefined;
  #options!: SnapshotOptions;

  constructor(collection: Protected, own: OwnRules) {
    this.#collection = collection;
    this.#own = own;
    collection.redacts(own.redaction.keys());
  }

  /** Made anew with each configuration. */
  get options(): SnapshotOptions {
    const { protection, limits } = this.#collection;
    if (this.#protection !== protection) {
      const redaction = strictestRedaction(this.#own.redaction, protection.copying.redaction);
      this.#options = { ...this.#own, ...protection.copying, limits, redaction };
      this.#protection = protection;
    }
    return this.#options;
  }
}

/**
 * The keys are read here, with the configuration that names them. One whose variable has gone since it was
 * checked cannot be used: then the column is left out, and of a row that was to be hashed nothing is kept.
 */
export function protectionOf(config: DeploymentConfig, name: string): Protection {
  const { policy: said, redact } = effectiveProtection(config, name);
  const hashKey = config.hashKeyEnv === null ? undefined : secretNamed(config.hashKeyEnv);
  const isKeyGone = config.hashKeyEnv !== null && hashKey === undefined;
  const policy = said === "full" || (said === "hash" && !isKeyGone) ? said : "metadata";
  return { isNone: said === "none", copying: { policy, hashKey, redaction: redactionOf(redact) } };
}

function redactionOf(rules: Readonly<Record<string, RedactRule>>): Redaction {
  const options = Object.entries(rules).map(([column, rule]) => [column, keyedRule(rule)] as const);
  return resolveRedaction(Object.fromEntries(options), "redact");
}

/** A rule with its key. What cannot be hashed, for its key has gone, is dropped. */
export function keyedRule(rule: RedactRule): Exclude<RedactOptions[string], (value: unknown) => unknown> {
  if (typeof rule === "string" || !("hmacKeyEnv" in rule)) return rule;
  const hmacKey = secretNamed(rule.hmacKeyEnv);
  return hmacKey === undefined ? "drop" : { hmacKey };
}
