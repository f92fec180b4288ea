import type { Clock } from "../../base/time/clock.ts";
import type {
  Backend,
  BackendSettings,
  FlushReport,
  FlushGoal,
  OutgoingBatch,
} from "../../pipeline/backend.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
import { Spooler, unsealedText } from "../../pipeline/delivery/spooler.ts";
import { LiveSettings } from "../../pipeline/live-settings.ts";
import type { SpoolWriter } from "../../spool/spool-writer.ts";
import { type SpoolUsage, withOpen } from "../../spool/spool.ts";
import type { EngineHost, EngineSpec } from "../compose.ts";
import { composeWriter as composeSystemWriter } from "./near/compose-writer.ts";

/**
 * Durability `frame`: batches are written to the spool on the caller's thread, so that a frame is safe when
 * `collect` returns; the engine behind only gets sealed segments.
 */
export function createSpoolFirst(
  spec: EngineSpec,
  host: EngineHost,
  startEngine: (host: EngineHost) => Engine,
  clock: Clock,
  composeWriter: typeof composeSystemWriter = composeSystemWriter,
): Backend {
  return new SpoolFirst(spec, host, startEngine, clock, composeWriter);
}

/** The memory of a larger batch is not kept for the next. */
const maxKeptBytes = 1024 * 1024;

class SpoolFirst implements Backend {
  readonly #engine: Engine;
  readonly #settings: LiveSettings;
  readonly #writer: SpoolWriter;
  readonly #spooler: Spooler;
  #memory = new Uint8Array(64 * 1024);

  constructor(
    spec: EngineSpec,
    host: EngineHost,
    startEngine: (host: EngineHost) => Engine,
    clock: Clock,
    composeWriter: typeof composeSystemWriter,
  ) {
    const { spool } = spec.config;
    const { emit } = host;
    let behind: SpoolUsage = { bytes: 0, segments: 0, quarantined: 0, oldest: undefined };
    const tellUsage = (): void => emit({ kind: "usage", usage: withOpen(behind, this.#writer.open()) });
    this.#settings = new LiveSettings(spec.config);
    this.#writer = composeWriter(spec, this.#settings);
    this.#engine = startEngine({
      ...host,
      emit: (event) => {
        if (event.kind !== "usage") {
          emit(event);
          return;
        }
        behind = event.usage;
        tellUsage();
      },
    });
    this.#spooler = new Spooler({
      writer: this.#writer,
      clock,
      emit,
      settings: this.#settings,
      fsync: spool.fsync,
      fsyncIntervalMs: spool.fsyncIntervalMs,
      onSealed: (segment) => this.#engine.deliver(segment),
      onTick: tellUsage,
    });
  }

  /** The same memory each time: a batch is in the spool, or refused, when `append` returns. */
  allocate(size: number): Uint8Array {
    if (size > maxKeptBytes) return new Uint8Array(size);
    if (size > this.#memory.length) this.#memory = new Uint8Array(2 * size);
    return this.#memory.subarray(0, size);
  }

  append(batch: OutgoingBatch): void {
    this.#spooler.append(batch);
  }

  update(settings: BackendSettings): void {
    this.#settings.replace(settings);
    this.#spooler.settingsChanged();
    this.#engine.update(settings);
  }

  async flush(to: FlushGoal, deadlineMs: number): Promise<FlushReport> {
    if (to === "spool") {
      // All of it is there already, whatever the engine is doing.
      this.#spooler.sync();
      return { pending: 0, trouble: undefined };
    }
    this.#spooler.seal();
    this.#spooler.sealTold();
    const unsealed = this.#writer.open().reduce((sum, { counts }) => sum + counts.frames, 0);
    const report = await this.#engine.flush(to, deadlineMs);
    const { pending, trouble } = report;
    if (unsealed === 0 || pending === undefined) return report;
    return { ...report, pending: pending + unsealed, trouble: trouble ?? unsealedText };
  }

  async close(deadlineMs: number): Promise<void> {
    this.#spooler.close();
    this.#spooler.sealTold();
    await this.#engine.close(deadlineMs);
    this.#writer.close();
  }

  save(): void {
    this.#spooler.sync();
  }
}
