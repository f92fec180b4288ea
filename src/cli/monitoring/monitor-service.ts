import { messageOf } from "../../base/errors.ts";
import type { PrometheusMetric } from "../../base/prometheus-text.ts";
import type { Clock } from "../../base/time/clock.ts";
import { resultGauges } from "../../monitor/output/result-gauges.ts";
import type { MonitorResult } from "../../monitor/run/monitor-result.ts";
import type { KeptResults } from "./kept-results.ts";

/** What a service is made of. */
export interface MonitorServiceParts {
  /** Finds out how things were at a time. */
  readonly run: (at: number) => Promise<MonitorResult>;
  /** Where results are kept; undefined for nowhere. */
  readonly kept: KeptResults | undefined;
  /** From one run to the next, milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
}

/** A monitor that runs again and again: what it found last, and how it is itself. */
export class MonitorService {
  readonly #parts: MonitorServiceParts;
  readonly #runs = { done: 0, kept: 0, failed: 0 };
  #last: { readonly result: MonitorResult; readonly at: number } | undefined;
  #lastMs = 0;
  #trouble: string | undefined;

  constructor(parts: MonitorServiceParts) {
    this.#parts = parts;
  }

  /**
   * Runs for a time, unless somebody has done so: then what that found is taken. Never throws: what went
   * wrong is told, and the next time may go well.
   */
  async tick(at: number): Promise<{ readonly result: MonitorResult } | { readonly trouble: string }> {
    const { kept, clock, run } = this.#parts;
    const started = clock.monotonic();
    try {
      const known = await kept?.get(at);
      const result = known ?? (await run(at));
      if (known === undefined) await kept?.keep(at, result);
      this.#runs[known === undefined ? "done" : "kept"]++;
      this.#last = { result, at };
      this.#trouble = undefined;
      return { result };
    } catch (thrown) {
      this.#runs.failed++;
      this.#trouble = messageOf(thrown);
      return { trouble: this.#trouble };
    } finally {
      this.#lastMs = clock.monotonic() - started;
    }
  }

  /** Why what it tells should not be relied on; undefined if it can be. */
  notReady(): string | undefined {
    if (this.#trouble !== undefined) return `the last run failed: ${this.#trouble}`;
    if (this.#last === undefined) return "the first run is not over";
    const { everyMs, clock } = this.#parts;
    const age = clock.now() - this.#last.at;
    return age > 3 * everyMs ? `the last run was ${Math.round(age / 60_000)} min ago` : undefined;
  }

  /** What was found last, and how the monitor itself is. */
  metrics(): readonly PrometheusMetric[] {
    const runs = Object.entries(this.#runs).map(([outcome, value]) => ({ labels: { outcome }, value }));
    return [
      {
        name: "mdc_monitor_runs_total",
        kind: "counter",
        help: "Runs since the start, by outcome",
        samples: runs,
      },
      {
        ...{ name: "mdc_monitor_run_seconds", kind: "gauge", help: "How long the last run took" },
        samples: [{ labels: {}, value: this.#lastMs / 1_000 }],
      },
      ...(this.#last === undefined ? [] : resultGauges(this.#last.result)),
    ];
  }
}
