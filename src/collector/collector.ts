import { wrongKind } from "../base/errors.ts";
import type { DeploymentStats } from "../config/callbacks.ts";
import { callback, optionsOf, type Parsers, parseFields } from "../config/fields.ts";
import { parseName } from "../config/names.ts";
import { resolveSchema, type SchemaOptions } from "../frame/declared-schema.ts";
import { openFrame } from "../frame/open-frame.ts";
import { type RedactOptions, resolveRedaction } from "../frame/redaction.ts";
import { type SnapshotOptions, takeSnapshot } from "../frame/snapshot.ts";
import type { DropReason } from "../pipeline/ledger.ts";
import { isSampled } from "../pipeline/sampler.ts";
import type {
  Collector as CollectorApi,
  CollectorConstructor,
  CollectorOptions,
  Deployment,
  FlushOptions,
} from "./api.ts";
import type { Collection } from "./collection.ts";
import { CorrelationContext, currentContext } from "./correlation-context.ts";
import { coreOf } from "./core-registry.ts";
import type { DeploymentCore } from "./deployment-core.ts";
import { parseFlushOptions } from "./flush-options.ts";
import { createReporter, type Reporter } from "./reporter.ts";

class FrameCollector implements CollectorApi {
  readonly #core: DeploymentCore;
  readonly #collection: Collection;
  readonly #reporter: Reporter | undefined;
  readonly #snapshot: Omit<SnapshotOptions, "limits">;

  constructor(options: CollectorOptions) {
    const { name, onError, deployment, schema, redact } = parseCollectorOptions(options);
    this.#core = coreOf(deployment);
    this.#collection = this.#core.collection(name);
    this.#reporter = onError === undefined ? undefined : createReporter(this.#core.clock, onError);
    this.#snapshot = {
      ...(schema === undefined ? {} : { declared: resolveSchema(schema, "Collector option schema") }),
      ...(redact === undefined ? {} : { redaction: resolveRedaction(redact, "Collector option redact") }),
    };
  }

  get name(): string {
    return this.#collection.collection;
  }

  get enabled(): boolean {
    return this.#collection.enabled && !this.#core.closed;
  }

  collect(frame: object, context?: CorrelationContext): CorrelationContext {
    const correlation = this.#contextOf(context);
    try {
      this.#offer(frame, correlation);
    } catch (thrown) {
      // Nothing in #offer is meant to throw; whatever does must not reach the scoring code.
      this.#refuse("invalid", 0, thrown);
    }
    return correlation;
  }

  stats(): DeploymentStats {
    return this.#collection.ledger.snapshot();
  }

  flush(options?: FlushOptions): Promise<void> {
    const { to, deadlineMs } = parseFlushOptions(options, "collector.flush");
    return this.#core.flush(to, deadlineMs);
  }

  #contextOf(context: CorrelationContext | undefined): CorrelationContext {
    if (context instanceof CorrelationContext) return context;
    if (context !== undefined && context !== null) {
      const { message } = wrongKind("collector.collect, context", "a CorrelationContext", context);
      this.#report("invalid_context", `${message}; a new one is used`);
    }
    return currentContext() ?? CorrelationContext.create();
  }

  #offer(frame: object, context: CorrelationContext): void {
    const collection = this.#collection;
    const { ledger } = collection;
    if (this.#core.closed) {
      this.#refuse("closed", rowsOf(frame));
      return;
    }
    if (!collection.enabled) {
      ledger.enter("disabled", 1, rowsOf(frame), 0);
      return;
    }
    const { samplingRate } = collection;
    const sampled = isSampled(context.id, samplingRate);
    context.noteSampled(collection.collection, sampled);
    if (!sampled) {
      ledger.enter("sampledOut", 1, rowsOf(frame), 0);
      return;
    }
    const result = takeSnapshot(frame, { ...this.#snapshot, limits: collection.limits });
    if (result.status === "dropped") {
      this.#refuse(result.reason, rowsOf(frame), result.error);
      return;
    }
    const { clock, ids } = this.#core;
    this.#core.accept(collection, result.snapshot, {
      correlationId: context.id,
      eventId: ids.uuid(),
      eventTimeMs: clock.now(),
      requestTimeMs: context.requestTimeMs,
      requestId: context.requestId,
      samplingRate,
      configVersion: collection.configVersion,
      tags: context.tagsText,
    });
  }

  #refuse(reason: DropReason, rows: number, cause?: unknown): void {
    const { collection, ledger } = this.#collection;
    ledger.refuse(reason, 1, rows, 0);
    const detail = cause instanceof Error ? cause.message : "the deployment is closed";
    if (this.#reporter === undefined) this.#core.reportDrop(reason, collection, 1, detail, cause);
    else {
      const message = (): string => `a frame of ${collection} was dropped (${reason}): ${detail}`;
      this.#reporter.report("FRAME_DROPPED", reason, message, { collection, frames: 1, cause });
    }
  }

  #report(reason: string, message: string): void {
    const { collection } = this.#collection;
    const reporter = this.#reporter ?? this.#core.reporter;
    reporter.report("FRAME_DROPPED", reason, () => message, { collection });
  }
}

/** Logs frames of one collection; its type. See {@link Collector.collect}. */
export type Collector<Row = unknown> = CollectorApi<Row>;
/** Makes a collector. Throws a `TypeError` or `RangeError` that names the option that is wrong. */
export const Collector: CollectorConstructor = FrameCollector as unknown as CollectorConstructor;

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

/** How many rows a frame has that is not looked into; 0 if it is none. */
function rowsOf(frame: unknown): number {
  if (Array.isArray(frame)) return frame.length;
  try {
    return openFrame(frame, {
      maxFrameRows: Number.POSITIVE_INFINITY,
      maxFrameColumns: Number.POSITIVE_INFINITY,
    }).rows;
  } catch {
    return 0;
  }
}
