import { types } from "node:util";
import { errorKind, kindOf } from "../../base/errors.ts";
import type {
  AttributeRule,
  ColumnRule,
  KeepCandidate,
  KeepPredicate,
  KeepRule,
  RequestOutcome,
} from "../../config/keeping/keep-rule.ts";
import type { CorrelationContext } from "../context/correlation-context.ts";
import { hasSuchValue, type LookBounds } from "./column-rules.ts";

/** Tells that a predicate gives no answer. */
export type TellRule = (message: string) => void;

/** The rules of a deployment, sorted by what they look at. Nothing that a predicate does comes through. */
export class KeepRules {
  readonly #tell: TellRule;
  readonly #predicates = new Map<KeepPredicate, number>();
  readonly #columns: ColumnRule[] = [];
  readonly #attributes: AttributeRule[] = [];
  readonly #told = new Set<KeepPredicate>();
  #slowerThanMs = Number.POSITIVE_INFINITY;
  #failed = false;
  /** The longest time that a rule asks about, milliseconds; 0 if none does. */
  readonly maxSlowMs: number = 0;

  constructor(rules: readonly KeepRule[], tell: TellRule) {
    this.#tell = tell;
    for (const [index, rule] of rules.entries()) {
      if (typeof rule === "function") this.#predicates.set(rule, index);
      else if ("column" in rule) this.#columns.push(rule);
      else if ("attribute" in rule) this.#attributes.push(rule);
      else if ("failed" in rule) this.#failed = true;
      else {
        this.#slowerThanMs = Math.min(this.#slowerThanMs, rule.slowerThanMs);
        this.maxSlowMs = Math.max(this.maxSlowMs, rule.slowerThanMs);
      }
    }
  }

  /** True if there is one that must see each frame when it comes. */
  get lookAtFrames(): boolean {
    return this.#columns.length > 0 || this.hasPredicates;
  }

  /** True if there is one that may want to see a frame again when its request has ended. */
  get hasPredicates(): boolean {
    return this.#predicates.size > 0;
  }

  /** Whether a request with these attributes is kept, whatever comes of it. */
  keepsFrom({ attributes }: CorrelationContext): boolean {
    return this.#attributes.some(({ attribute, equals }) => attributes[attribute] === equals);
  }

  /** Whether a frame has its request kept. */
  keepsFor(candidate: KeepCandidate, bounds: LookBounds): boolean {
    if (this.#columns.length > 0 && hasSuchValue(candidate.frame, this.#columns, bounds)) return true;
    return this.#anyPredicate(candidate);
  }

  /** Whether a request that ended so is kept; `candidates` are its frames that wait, for predicates. */
  keepsAfter(outcome: RequestOutcome, candidates: Iterable<KeepCandidate>): boolean {
    if ((this.#failed && outcome.failed) || outcome.durationMs > this.#slowerThanMs) return true;
    if (!this.hasPredicates) return false;
    for (const candidate of candidates) if (this.#anyPredicate(candidate)) return true;
    return false;
  }

  #anyPredicate(candidate: KeepCandidate): boolean {
    for (const predicate of this.#predicates.keys()) if (this.#answer(predicate, candidate)) return true;
    return false;
  }

  #answer(predicate: KeepPredicate, candidate: KeepCandidate): boolean {
    try {
      const answer: unknown = predicate(candidate);
      if (typeof answer === "boolean") return answer;
      if (types.isPromise(answer)) answer.catch(() => {});
      if (answer !== undefined && answer !== null)
        this.#tellOnce(predicate, `gives ${kindOf(answer)} instead of true or false`);
    } catch (thrown) {
      this.#tellOnce(predicate, `throws ${errorKind(thrown)}`);
    }
    return false;
  }

  #tellOnce(predicate: KeepPredicate, what: string): void {
    if (this.#told.has(predicate)) return;
    this.#told.add(predicate);
    this.#tell(`keep[${this.#predicates.get(predicate)}] ${what}: it keeps nothing then`);
  }
}
