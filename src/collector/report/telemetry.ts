import type { BatchObservableCallback, MeterProvider, Observable } from "@opentelemetry/api";
import { onNextTurn } from "../../base/time/clock.ts";
import { version } from "../../base/version.ts";
import { type Instrument, instruments, type Measured } from "./instruments.ts";

/**
 * What is measured of a deployment. Everything is read when the metrics are collected; a `collect` costs
 * nothing more.
 */
export interface TelemetrySource {
  readonly endpoint: string;
  readonly deployment: string;
  measure(): Measured;
}

/**
 * Offers a deployment's ledger to OpenTelemetry, if a meter provider is registered by the time the deployment
 * is made: the API knows no later registration of metrics. What is measured is told in {@link instruments}.
 *
 * Dispose when the deployment is closed: its last state is told once more, to whoever collects next, and then
 * withdrawn.
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
      // A provider that refuses: nobody wants metrics.
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

/**
 * The registered provider. All copies of `@opentelemetry/api` 1.x, an application's bundled one too, share it
 * in this place, so none needs to be found; an `import()` of a package that may not be there breaks builds.
 */
function meterProvider(): MeterProvider | undefined {
  const shared: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  return (shared as { readonly metrics?: MeterProvider } | undefined)?.metrics;
}

/** Returns what to call when the source is closed. */
async function register(source: TelemetrySource): Promise<() => void> {
  // What the same module registers a few lines further down counts.
  await new Promise<void>((resolve) => onNextTurn(resolve));
  const meter = meterProvider()?.getMeter("model-data-collector", version);
  if (meter === undefined) return () => {};
  const made = instruments.map((instrument): readonly [Observable, Instrument] => {
    const { name, kind, unit, description } = instrument;
    const options = { unit, description };
    const isCounter = kind === "counter";
    return [
      isCounter ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
      instrument,
    ];
  });
  const observables = made.map(([observable]) => observable);

  const place = { "mdc.endpoint": source.endpoint, "mdc.deployment": source.deployment };
  let last: Measured | undefined;
  const observe: BatchObservableCallback = (result) => {
    const measured = last ?? source.measure();
    for (const [observable, instrument] of made) {
      for (const { value, attributes } of instrument.read(measured)) {
        result.observe(observable, value, { ...place, ...attributes });
      }
    }
    // Not from within: the provider is going through its callbacks.
    if (last !== undefined)
      void Promise.resolve().then(() => meter.removeBatchObservableCallback(observe, observables));
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => {
    // A copy, so that nothing of a closed deployment is held by a provider that nobody reads.
    last = source.measure();
  };
}
