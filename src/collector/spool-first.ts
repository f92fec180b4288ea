import type { Clock } from "../base/clock.ts";
import type {
  Backend,
  BackendSettings,
  FlushReport,
  FlushTarget,
  OutgoingBatch,
} from "../pipeline/backend.ts";
import type { Engine } from "../pipeline/engine.ts";
import { createSpooler, type Spooler } from "../pipeline/spooler.ts";
import type { Spool } from "../spool/spool.ts";
import { composeSpool, type EngineHost, type EngineSpec } from "./compose.ts";

/**
 * Durability `frame`: batches are written to the spool on the caller's thread, so that a frame is safe when `collect`
 * returns; the engine behind only gets sealed segments.
 */
export function createSpoolFirst(spec: EngineSpec, host: EngineHost, engine: Engine, clock: Clock): Backend {
  return new SpoolFirst(spec, host, engine, clock);
}

class SpoolFirst implements Backend {
  readonly #engine: Engine;
  readonly #spool: Spool;
  readonly #spooler: Spooler;

  constructor(spec: EngineSpec, { events }: EngineHost, engine: Engine, clock: Clock) {
    const { rotation, spool } = spec.config;
    this.#engine = engine;
    this.#spool = composeSpool(spec);
    this.#spooler = createSpooler({
      spool: this.#spool,
      clock,
      events,
      settings: { rotation },
      fsync: spool.fsync,
      fsyncIntervalMs: spool.fsyncIntervalMs,
      onSealed: (segment) => engine.deliver(segment),
    });
  }

  append(batch: OutgoingBatch): void {
    this.#spooler.append(batch);
  }

  update(settings: BackendSettings): void {
    this.#spooler.update(settings);
    this.#engine.update(settings);
  }

  flush(to: FlushTarget | "empty", deadlineMs: number): Promise<FlushReport> {
    if (to === "spool") this.#spooler.sync();
    else this.#spooler.seal();
    return this.#engine.flush(to, deadlineMs);
  }

  async close(deadlineMs: number): Promise<void> {
    this.#spooler.close();
    await this.#engine.close(deadlineMs);
    this.#spool.close();
  }

  save(): void {
    this.#spooler.sync();
  }
}
