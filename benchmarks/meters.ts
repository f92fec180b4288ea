import { monitorEventLoopDelay } from "node:perf_hooks";

/** The value that this share of the values (0 to 1) does not exceed. Sorts them in place. */
export function quantiles(values: Float64Array, shares: readonly number[]): number[] {
  values.sort();
  return shares.map(
    (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN,
  );
}

/** Room for durations that grows, so that recording one costs a store. */
export class Durations {
  #values = new Float64Array(1 << 16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  quantiles(shares: readonly number[]): number[] {
    return quantiles(this.#values.slice(0, this.#count), shares);
  }
}

/** What a process used since {@link meterProcess}. */
export interface ProcessUse {
  /**
   * 99th percentile of the time between two turns of the event loop beyond the 1 ms asked for, milliseconds.
   */
  readonly loopDelayP99Ms: number;
  /** CPU time of all threads, in per cent of one core. */
  readonly cpuPercent: number;
  /** Highest resident set seen. */
  readonly peakRssBytes: number;
}

/** Watches this process until the returned function is called. */
export function meterProcess(): () => ProcessUse {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let peak = process.memoryUsage.rss();
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  return () => {
    clearInterval(timer);
    loop.disable();
    const { user, system } = process.cpuUsage(cpu);
    return {
      loopDelayP99Ms: loop.percentile(99) / 1e6,
      cpuPercent: (user + system) / 10 / (performance.now() - start),
      peakRssBytes: Math.max(peak, process.memoryUsage.rss()),
    };
  };
}
