import { errorKind, kindOf, wrongKind } from "../base/errors.ts";
import type { DeploymentStats } from "../config/callbacks.ts";
import { callback, optionsOf, type Parsers, parseFields } from "../base/fields.ts";
import { parseName } from "../layout/collection-key.ts";
import { resolveSchema, type SchemaOptions } from "../frame/declared-schema.ts";
import { countRows } from "../frame/copy/count-rows.ts";
import { type RedactOptions, resolveRedaction } from "../frame/copy/redaction.ts";
import { Copying } from "./protection.ts";
import { takeSnapshot } from "../frame/snapshot.ts";
import type { DropReason } from "../pipeline/ledger.ts";
import { Admission, type Decided } from "./admission.ts";
import type {
  Collector as CollectorApi,
  CollectorConstructor,
  CollectorOptions,
  Deployment,
  FlushOptions,
  FlushResult,
} from "./api.ts";
import type { AsideBody } from "./bodies/aside-body.ts";
import type { DeploymentCollection } from "./deployment-collection.ts";
import { CorrelationContext } from "./context/correlation-context.ts";
import { currentContext } from "./context/current-context.ts";
import { adopt, passOnDecision } from "./context/other-copies.ts";
import { homeOf } from "./process/core-registry.ts";
import type { DeploymentCore } from "./deployment-core.ts";
import { CallFacts, type CollectedEvent } from "./keeping/call-facts.ts";
import { parseFlushOptions } from "./flush/flush-options.ts";
import type { Inside } from "./report/inside.ts";
import { UnsampledFrames } from "./profiling/unsampled-frames.ts";
import { RateLimitedListener } from "./report/rate-limited-listener.ts";

class FrameCollector implements CollectorApi {
  // All made in the constructor, unless that gives back another copy's collector.
  readonly #core!: DeploymentCore;
  readonly #collection!: DeploymentCollection;
  readonly #admission!: Admission;
  readonly #listener!: RateLimitedListener;
  readonly #copying!: Copying;
  readonly #unsampled!: UnsampledFrames;

  constructor(options: CollectorOptions) {
    const { name, onError, deployment, schema, redact } = parseCollectorOptions(options);
    const home = homeOf(deployment, (given) => new FrameCollector(given));
    // Of another copy of this package, whose collectors are as good.
    if ("other" in home)
      return home.other.collector(name, { onError, schema, redact }) as unknown as FrameCollector;
    this.#core = home.core;
    this.#collection = home.core.collection(name);
    this.#admission = new Admission(this.#core, this.#collection);
    this.#listener = this.#collection.listenerOf(onError, () =>
      onError === undefined ? this.#core.listener : new RateLimitedListener(this.#core.clock, onError),
    );
    this.#copying = new Copying(this.#collection, {
      ...(schema === undefined ? {} : { declared: resolveSchema(schema, "Collector option schema") }),
      redaction: resolveRedaction(redact === undefined ? {} : redact, "Collector option redact"),
    });
    this.#unsampled = new UnsampledFrames(this.#core, this.#collection, this.#admission, this.#copying);
  }

  get name(): string {
    return this.#collection.name;
  }

  get enabled(): boolean {
    return this.#collection.terms.enabled && !this.#core.closed;
  }

  collect(frame: object, context?: CorrelationContext): CorrelationContext {
    const correlation = this.#contextOf(context);
    this.#collect(frame, correlation);
    if (context === undefined || context === correlation || adopt(context) !== correlation)
      return correlation;
    passOnDecision(correlation, context, this.name);
    return context;
  }

  /** @internal */
  static mayKeep(collector: CollectorApi, context: CorrelationContext): boolean {
    // Of another copy of this package there is no more to know.
    return #admission in collector ? collector.#admission.mayTake(context) : collector.enabled;
  }

  /** @internal */
  static inside(collector: CollectorApi): Inside | undefined {
    if (!(#core in collector)) return undefined;
    const core = collector.#core;
    const listener = collector.#listener;
    return {
      config: () => core.handle.current,
      hint: (text) => core.board.hint(text),
      takeTexts: (maxBytes) => collector.#collection.takeTexts(maxBytes),
      expect: (makeNow) => core.requests.expect(makeNow),
      collectEvent: (frame, context, event) => collector.#collect(frame, context, event),
      openBody: (context) => collector.#openBody(context),
      refuse: (context, reason, why) => collector.#refuse(reason, context, 0, new Error(why)),
      trouble: (code, reason, message) =>
        core.reporter.trouble(code, reason, message, { collection: collector.name, listener }),
    };
  }

  #openBody(context: CorrelationContext): AsideBody | undefined {
    if (!this.#admission.mayTake(context)) return undefined;
    const fault = this.#admission.isSampled(context) ? undefined : "undecided";
    return this.#core.bodies.open(this.#collection, CorrelationContext.requestTimeOf(context), fault);
  }

  #collect(frame: object, correlation: CorrelationContext, event?: CollectedEvent): void {
    try {
      this.#offer(frame, correlation, event);
    } catch (thrown) {
      // Nothing in #offer is meant to throw; whatever does must not reach the scoring code.
      this.#refuse(
        "invalid",
        correlation,
        countRows(frame),
        new Error(`it cannot be read: ${errorKind(thrown)}`),
      );
    }
  }

  stats(): DeploymentStats {
    return this.#collection.ledger.snapshot();
  }

  flush(options?: FlushOptions): Promise<FlushResult> {
    const { to, deadlineMs } = parseFlushOptions(options, "collector.flush");
    return this.#core.flush(to, deadlineMs, this.#collection.ledger);
  }

  #contextOf(context: CorrelationContext | undefined): CorrelationContext {
    if (context !== undefined && context !== null) {
      // Not `instanceof`: a Proxy can answer that with anything.
      if (CorrelationContext.isOne(context)) return context;
      const known = adopt(context);
      if (known !== undefined) return known;
      const { name: collection } = this.#collection;
      const message = (): string =>
        `collector.collect, context: expected a CorrelationContext, got ${kindOf(context)}; another one is used`;
      try {
        const details = { collection, listener: this.#listener };
        this.#core.reporter.trouble("INVALID_CONTEXT", "invalid_context", message, details);
      } catch {
        // A host that has broken what everybody shares is not told.
      }
    }
    const current = currentContext();
    if (current === undefined) return CorrelationContext.create();
    return CorrelationContext.isOne(current) ? current : (adopt(current) ?? CorrelationContext.create());
  }

  #offer(frame: object, context: CorrelationContext, event: CollectedEvent | undefined): void {
    const verdict = this.#admission.decide(context);
    switch (verdict.kind) {
      case "leave":
        this.#leave(verdict.as, countRows(frame), context);
        if (verdict.as === "sampledOut") this.#unsampled.take(frame, context);
        return;
      case "refuse": {
        const { reason, quietMs } = verdict;
        this.#refuse(reason, context, countRows(frame), new Error(this.#admission.why(verdict)), { quietMs });
        return;
      }
      case "take":
      case "hold": {
        const { decided } = this.#admission;
        let bytes = 0;
        try {
          bytes = this.#take(frame, context, decided, verdict.kind, event);
        } finally {
          this.#admission.ended(decided.at, bytes);
        }
      }
    }
  }

  /** Returns how many bytes were taken. */
  #take(
    frame: object,
    context: CorrelationContext,
    decided: Decided,
    as: "take" | "hold",
    event: CollectedEvent | undefined,
  ): number {
    const collection = this.#collection;
    if (!CorrelationContext.isUnchanged(context)) {
      this.#unfit(context, decided, "invalid", countRows(frame), new Error(changedText));
      return 0;
    }
    const result = takeSnapshot(frame, this.#copying.options, as === "hold");
    if (result.status === "dropped") {
      this.#unfit(context, decided, result.reason, countRows(frame), result.error);
      return 0;
    }
    const { snapshot } = result;
    const memory = snapshot.memory + CorrelationContext.bytesOf(context);
    const full = this.#admission.lacksRoom(memory);
    if (full !== undefined) {
      this.#unfit(context, decided, "memory", snapshot.rows, new Error(full), snapshot.bytes);
      snapshot.release();
      return snapshot.bytes;
    }
    const { clock, ids } = this.#core;
    const facts = new CallFacts(context, decided.terms, ids, event ?? { timeMs: clock.now() });
    this.#core.accept({ collection, snapshot, facts, memory, frame, decided, as });
    return snapshot.bytes;
  }

  /** A frame cannot be stored; if the rate leaves it out anyway, nothing is lost by that. */
  #unfit(
    context: CorrelationContext,
    { sampled }: Decided,
    reason: DropReason,
    rows: number,
    cause: Error,
    bytes = 0,
  ): void {
    if (sampled) this.#refuse(reason, context, rows, cause, { bytes });
    else this.#leave("sampledOut", rows, context);
  }

  #leave(as: "disabled" | "sampledOut", rows: number, context: CorrelationContext): void {
    this.#collection.ledger.enter(as, 1, rows, 0, CorrelationContext.requestTimeOf(context));
  }

  #refuse(
    reason: DropReason,
    context: CorrelationContext,
    rows: number,
    cause: Error,
    { bytes = 0, quietMs = 0 }: { readonly bytes?: number; readonly quietMs?: number } = {},
  ): void {
    const refusal = {
      reason,
      rows,
      bytes,
      timeMs: CorrelationContext.requestTimeOf(context),
      cause,
      listener: this.#listener,
      quietMs,
    };
    this.#core.accounting.refused(this.#collection, refusal);
  }
}

/** Logs frames of one collection. `Row` is the type of a row; `unknown` accepts every frame. */
export interface Collector<Row = unknown> extends CollectorApi<Row> {}
/**
 * Logs frames of one collection. Making one throws a `TypeError` or `RangeError` that names the option that
 * is wrong.
 *
 * @example
 * ```ts
 * import { Collector } from "model-data-collector";
 *
 * const schema = { distance: "float64", origin: "string" } as const;
 * const inputs = new Collector({ name: "model_inputs", schema });
 * const outputs = new Collector({ name: "model_outputs" });
 *
 * const context = inputs.collect([{ distance: 2475, origin: "JFK" }]);
 * outputs.collect([{ late: false, probability: 0.12 }], context);
 * ```
 *
 * @class
 */
export const Collector: CollectorConstructor = FrameCollector as unknown as CollectorConstructor;

/**
 * Whether a collector may keep a frame of this request. For whoever has to prepare a frame at some cost: what
 * is certainly left out is offered empty, to be counted.
 */
export function mayKeep(collector: CollectorApi, context: CorrelationContext): boolean {
  return FrameCollector.mayKeep(collector, context);
}

/** The inside of a collector of this copy of the package; undefined of another copy's. */
export function insideOf(collector: CollectorApi): Inside | undefined {
  return FrameCollector.inside(collector);
}

const parsers: Parsers<CollectorOptions> = {
  name: parseName,
  onError: callback(),
  deployment: (value, where) => {
    if (typeof value !== "object" || value === null)
      throw wrongKind(where, "what openDeployment returned", value);
    return value as Deployment;
  },
  schema: (value) => value as SchemaOptions,
  redact: (value) => value as RedactOptions,
};

function parseCollectorOptions(options: CollectorOptions): CollectorOptions {
  const parsed = parseFields<CollectorOptions>(options, optionsOf("Collector"), parsers);
  return { ...parsed, name: parsed.name ?? parseName(undefined, "Collector option name") };
}

const changedText =
  "its context was changed after it was made: make another one with CorrelationContext.create({ id, requestTime, attributes })";
