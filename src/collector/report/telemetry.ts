import type { BatchObservableCallback, Observable } from "@opentelemetry/api";
import { version } from "../../base/version.ts";
import type { DeploymentStats, StatsEntry } from "../../config/callbacks.ts";
import type { DeploymentStatus } from "../api.ts";

/** What is measured of a deployment. Everything is read when the metrics are collected; a `collect` costs nothing more. */
export interface TelemetrySource {
  readonly endpoint: string;
  readonly deployment: string;
  /** By collection. */
  stats(): ReadonlyMap<string, DeploymentStats>;
  status(): DeploymentStatus;
}

/**
 * Offers a deployment's ledger to OpenTelemetry, if `@opentelemetry/api` is installed (an optional peer) and a meter provider is
 * registered by the time the deployment is made: the API knows no later registration of metrics. Every instrument has the
 * attributes `mdc.endpoint` and `mdc.deployment`; those of frames and rows `mdc.collection` too.
 *
 * | Instrument | Kind | Unit | Further attributes |
 * |-|-|-|-|
 * | `mdc.frames.offered`, `mdc.rows.offered` | counter | `{frame}`, `{row}` | |
 * | `mdc.frames.finished`, `mdc.rows.finished` | counter | `{frame}`, `{row}` | `mdc.outcome`: `delivered`, `sampled_out`, `disabled`, `dropped`; `mdc.reason` of a drop |
 * | `mdc.frames.pending`, `mdc.bytes.pending` | gauge | `{frame}`, `By` | `mdc.where`: `buffered`, `spooled` |
 * | `mdc.delivery.health` | gauge | `1` | 0 ok or closed, 1 degraded, 2 failing |
 * | `mdc.spool.bytes`, `mdc.spool.segments`, `mdc.spool.quarantined` | gauge | `By`, `{segment}` | |
 * | `mdc.spool.oldest_age` | gauge | `s` | 0 when nothing waits |
 *
 * Dispose when the deployment is closed: its last state is told once more, to whoever collects next, and then withdrawn.
 */
export function startTelemetry(source: TelemetrySource): Disposable {
  let finish: (() => void) | undefined;
  let finished = false;
  void register(source).then(
    (finishThis) => {
      if (finished) finishThis();
      else finish = finishThis;
    },
    () => {
      // Not installed, or a provider that refuses: nobody wants metrics.
    },
  );
  return {
    [Symbol.dispose]() {
      if (finished) return;
      finished = true;
      finish?.();
    },
  };
}

const healthLevels = { ok: 0, closed: 0, degraded: 1, failing: 2 } as const;

/** Returns what to call when the source is closed. */
async function register(source: TelemetrySource): Promise<() => void> {
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("model-data-collector", version);
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description });
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description });
  const offered = {
    frames: counter("mdc.frames.offered", "{frame}", "Frames given to collect"),
    rows: counter("mdc.rows.offered", "{row}", "Rows given to collect"),
  };
  const finished = {
    frames: counter("mdc.frames.finished", "{frame}", "Frames that came to an end, by outcome"),
    rows: counter("mdc.rows.finished", "{row}", "Rows that came to an end, by outcome"),
  };
  const pending = {
    frames: gauge("mdc.frames.pending", "{frame}", "Frames on their way to the destination"),
    bytes: gauge("mdc.bytes.pending", "By", "Bytes on their way to the destination"),
  };
  const health = gauge("mdc.delivery.health", "1", "0 ok, 1 degraded, 2 failing");
  const spool = {
    bytes: gauge("mdc.spool.bytes", "By", "Bytes that wait in the spool"),
    segments: gauge("mdc.spool.segments", "{segment}", "Segments that wait in the spool"),
    quarantined: gauge("mdc.spool.quarantined", "{segment}", "Segments that a person must look at"),
    oldest: gauge("mdc.spool.oldest_age", "s", "Age of the oldest segment that waits"),
  };
  const instruments: Observable[] = [
    ...[offered, finished, pending, spool].flatMap((group) => Object.values<Observable>(group)),
    health,
  ];

  const place = { "mdc.endpoint": source.endpoint, "mdc.deployment": source.deployment };
  let last:
    | { readonly stats: ReadonlyMap<string, DeploymentStats>; readonly status: DeploymentStatus }
    | undefined;
  const observe: BatchObservableCallback = (result) => {
    const { stats, status } = last ?? { stats: source.stats(), status: source.status() };
    result.observe(health, healthLevels[status.status], place);
    const { bytes, segments, quarantined, oldestAgeMs } = status.spool;
    result.observe(spool.bytes, bytes, place);
    result.observe(spool.segments, segments, place);
    result.observe(spool.quarantined, quarantined, place);
    result.observe(spool.oldest, (oldestAgeMs ?? 0) / 1_000, place);
    for (const [collection, counts] of stats) {
      const attributes = { ...place, "mdc.collection": collection };
      for (const unit of ["frames", "rows"] as const) {
        result.observe(offered[unit], counts[unit].offered, attributes);
        for (const [outcome, reason, value] of outcomes(counts[unit])) {
          const detail = reason === undefined ? {} : { "mdc.reason": reason };
          result.observe(finished[unit], value, { ...attributes, "mdc.outcome": outcome, ...detail });
        }
      }
      for (const unit of ["frames", "bytes"] as const) {
        for (const where of ["buffered", "spooled"] as const) {
          result.observe(pending[unit], counts[unit][where], { ...attributes, "mdc.where": where });
        }
      }
    }
    // Not from within: the provider is going through its callbacks.
    if (last !== undefined)
      void Promise.resolve().then(() => meter.removeBatchObservableCallback(observe, instruments));
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => {
    // A copy, so that nothing of a closed deployment is held by a provider that nobody reads.
    last = { stats: source.stats(), status: source.status() };
  };
}

function* outcomes(entry: StatsEntry): Iterable<readonly [string, string | undefined, number]> {
  yield ["delivered", undefined, entry.delivered];
  yield ["sampled_out", undefined, entry.sampledOut];
  yield ["disabled", undefined, entry.disabled];
  for (const [reason, value] of Object.entries(entry.dropped)) yield ["dropped", reason, value ?? 0];
}
