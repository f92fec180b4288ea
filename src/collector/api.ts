import type { Counts } from "../base/counts.ts";
import type { DeploymentStats, ErrorListener } from "../config/callbacks.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import type { DeploymentPatch } from "../config/deployment-options.ts";
import type { FrameOf, RowOf, SchemaOptions } from "../frame/declared-schema.ts";
import type { RedactOptions } from "../frame/copy/redaction.ts";
import type { FlushTarget } from "../pipeline/backend.ts";
import type { CorrelationContext } from "./context/correlation-context.ts";

/** What a collector is made with. */
export interface CollectorOptions {
  /**
   * The collection: a letter or digit, then up to 62 more of these and `.`, `_`, `-`, without `..`.
   * Collections whose names differ only in case are one.
   */
  readonly name: string;
  /** Told of this collector's drops, at most once a second for each reason. Default: the deployment's. */
  readonly onError?: ErrorListener | undefined;
  /** Where to collect to. Default: the process's own deployment, made on first use from the environment. */
  readonly deployment?: Deployment | undefined;
  /**
   * Types of columns, by name. A declared column has its type from the first file on; a value that does not
   * fit is kept in `mdc_rejected`. Columns not named are typed by their first value.
   */
  readonly schema?: SchemaOptions | undefined;
  /** What to leave out or replace, by column, before anything of it is copied. */
  readonly redact?: RedactOptions | undefined;
}

/** A frame that a collector takes: anything tabular, or, if its row type is known, only what fits that. */
export type Frame<Row> = unknown extends Row ? object : FrameOf<Row>;

/**
 * Logs frames of one collection.
 *
 * `Row` is the type of a row; `unknown` (the default) accepts every frame and leaves the checking to run
 * time.
 */
export interface Collector<Row = unknown> {
  /** The collection's name, as it is stored. */
  readonly name: string;
  /** False while the deployment has this collection switched off; `collect` is then a no-op. */
  readonly enabled: boolean;
  /**
   * Logs a frame under a correlation context and returns that context. Synchronous; it never throws and never
   * waits (but for one local write when durability is `frame`). The frame is copied: changing it afterwards
   * changes nothing that is logged.
   *
   * @param frame A danfojs, nodejs-polars, Apache Arrow, flechette or Arquero frame, an array of row objects,
   * or an object of column arrays.
   * @param context What an earlier `collect` of this request returned. Default: the current one of
   * `runWithContext`, else a new one.
   */
  collect(frame: Frame<Row>, context?: CorrelationContext): CorrelationContext;
  /** What became of the frames of this collection, in this process. */
  stats(): DeploymentStats;
  /**
   * Resolves when everything that the deployment collected before it is where `to` says, with what became of
   * this collection's. See {@link FlushOptions}.
   */
  flush(options?: FlushOptions): Promise<FlushResult>;
}

/** Makes {@link Collector}s. With a `schema`, the row type follows from it. */
export interface CollectorConstructor {
  new <const S extends SchemaOptions>(
    options: CollectorOptions & { readonly schema: S },
  ): Collector<RowOf<S>>;
  new <Row = unknown>(options: CollectorOptions): Collector<Row>;
}

/** What to wait for, and how long. */
export interface FlushOptions {
  /** `store`: in files at the destination (default). `spool`: safe from the death of this process. */
  readonly to?: FlushTarget | undefined;
  /**
   * Milliseconds to wait at most, 0 to 2,147,483,647; default 60,000. After that, and a quarter of a second
   * in which late answers count, it rejects with code `TIMEOUT`; nothing is lost by that.
   */
  readonly deadlineMs?: number | undefined;
}

/**
 * What has become of all that was collected before a flush, in frames of this process; of a collector's
 * flush, in frames of its collection.
 */
export interface FlushResult {
  readonly delivered: number;
  /** Safe on disk and not delivered yet; 0 when all was brought to the destination. */
  readonly leftInSpool: number;
  readonly dropped: number;
}

/** How long closing may take. */
export interface CloseOptions {
  /** Milliseconds for delivering what is left, 0 to 2,147,483,647; default 10,000. */
  readonly deadlineMs?: number | undefined;
}

/** What `close` left behind, in frames of this process. */
export interface CloseReport {
  readonly delivered: number;
  /** Safe on disk; the next process of this spool delivers it. */
  readonly leftInSpool: number;
  readonly dropped: number;
}

/** Whether data reaches the destination. */
export interface DeploymentStatus {
  /**
   * `degraded`: delivery is late and tried again; or within the last minute frames were dropped, the spool
   * could not be written, or the background thread died; or something is in quarantine, or the configuration
   * file cannot be used. `failing`: nothing will be delivered until somebody does something. `reasons` say
   * what.
   */
  readonly status: "ok" | "degraded" | "failing" | "closed";
  /** For people; empty when all is well. While the status is `ok`, what could be better. */
  readonly reasons: readonly string[];
  /** What waits in the spool, as it was some seconds ago at most. */
  readonly spool: SpoolStatus;
  /**
   * What earlier processes had left in the spool and this one took care of; part of no process's `stats()`.
   */
  readonly recovered: { readonly delivered: Counts; readonly lost: Counts };
}

/** What waits in this process's part of the spool, with what it took over from processes that died. */
export interface SpoolStatus {
  readonly bytes: number;
  readonly segments: number;
  /** Milliseconds since the oldest of them was begun; null when there is none. */
  readonly oldestAgeMs: number | null;
  /**
   * Segments set aside for a person to look at, of all processes of this spool: see `mdc spool quarantine`.
   */
  readonly quarantined: number;
}

/** What one model deployment is set to collect, and the machinery that does it. */
export interface Deployment extends AsyncDisposable {
  /** The current configuration: a frozen snapshot without secrets. */
  readonly config: DeploymentConfig;
  /** A collector of this deployment. */
  collector<const S extends SchemaOptions>(
    name: string,
    options: Omit<CollectorOptions, "name" | "deployment"> & { readonly schema: S },
  ): Collector<RowOf<S>>;
  /** A collector of this deployment, for rows whose type no schema tells. */
  collector<Row = unknown>(
    name: string,
    options?: Omit<CollectorOptions, "name" | "deployment">,
  ): Collector<Row>;
  /**
   * Stores ground truth, in the collection `labels`, any time after the request. By correlation id (the
   * context does, too): the label's rows are those of the request's frames, by `mdc_row_index`. By business
   * key: every row is about the rows that have these values, and has them in columns of its own. Whatever was
   * known before stays; the last label of a subject counts, so a correction is a label more, and the same one
   * again changes nothing. It is stored whatever the sampling rate.
   *
   * Resolves when it is safe from the death of this process. Rejects for what is no subject, with a
   * `CollectorError` of code `FRAME_DROPPED` when it is not taken, and as `flush` does.
   *
   * @example
   * ```ts
   * import { openDeployment } from "model-data-collector";
   *
   * await using deployment = await openDeployment({ destination: "./collected" });
   * await deployment.label("019aa8f2-7c00-7000-8000-000000000000", [{ late: true }]);
   * await deployment.label({ order_id: "A-17" }, [{ late: false }]);
   * ```
   */
  label(
    idOrKey: string | CorrelationContext | Readonly<Record<string, string | number | bigint | boolean>>,
    frame: object,
  ): Promise<void>;
  /**
   * Changes settings while running: validated whole, swapped in one step, in force for the next request.
   * Throws, and changes nothing, if anything in it is wrong. What it set stays on top of the configuration
   * file, also when that changes. Returns the new configuration, whose version is one higher.
   */
  update(patch: DeploymentPatch): DeploymentConfig;
  /** Whether data reaches the destination, for health checks. Costs nothing. */
  status(): DeploymentStatus;
  /** What became of all frames offered in this process. It always balances. */
  stats(): DeploymentStats;
  /** Resolves when everything collected before it is where `to` says, with what became of it. */
  flush(options?: FlushOptions): Promise<FlushResult>;
  /**
   * Takes no more, delivers what is there until the deadline, and reports. Repeated calls share the first
   * one's result.
   */
  close(options?: CloseOptions): Promise<CloseReport>;
}
