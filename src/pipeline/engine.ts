import type { Clock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import { once } from "../base/once.ts";
import type { Encoder } from "../codec/encoder.ts";
import type { Format, Fsync } from "../config/deployment-config.ts";
import type { SealedSegment, Spool, SpoolLoss } from "../spool/spool.ts";
import type { Store } from "../store/store.ts";
import type {
  Backend,
  BackendEvents,
  BackendSettings,
  FlushReport,
  FlushTarget,
  OutgoingBatch,
} from "./backend.ts";
import { createDeliverer, type Deliverer } from "./deliverer.ts";
import { parseLabel } from "./segment-label.ts";
import { createSpooler, type Spooler } from "./spooler.ts";

export interface EngineParts {
  readonly spool: Spool;
  readonly store: Store;
  readonly encoders: Readonly<Record<Format, Encoder>>;
  readonly clock: Clock;
  readonly events: BackendEvents;
  readonly settings: BackendSettings;
  readonly fsync: Fsync;
  readonly fsyncIntervalMs: number;
}

/** A backend that can also be given segments which another thread has sealed. */
export interface Engine extends Backend {
  deliver(segment: SealedSegment): void;
}

/** Spools, seals and delivers; and delivers what earlier processes left, from the first moment on. */
export function createEngine(parts: EngineParts): Engine {
  return new SpoolingEngine(parts);
}

/** How often other processes' leavings are looked for, milliseconds. */
const orphanSearchMs = 60_000;

class SpoolingEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #spooler: Spooler;
  readonly #deliverer: Deliverer;
  #recovered: Promise<void> = Promise.resolve();
  #nextRecovery: Disposable | undefined;
  #closing = false;
  #closeDeadlineMs = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#deliverer = createDeliverer(parts);
    this.#spooler = createSpooler({ ...parts, onSealed: (segment) => this.deliver(segment) });
    this.#lookForOrphans();
  }

  append(batch: OutgoingBatch): void {
    this.#spooler.append(batch);
  }

  deliver(segment: SealedSegment): void {
    this.#deliverer.add(segment);
  }

  update(settings: BackendSettings): void {
    this.#spooler.update(settings);
  }

  async flush(to: FlushTarget | "empty", deadlineMs: number): Promise<FlushReport> {
    const { spool } = this.#parts;
    if (to === "spool") {
      // A batch is appended as it arrives, so all earlier ones are in the spool already.
      this.#spooler.sync();
      const inMemory = spool.durable
        ? 0
        : [...spool.open(), ...spool.sealed()].reduce((sum, { counts }) => sum + counts.frames, 0);
      return {
        pending: inMemory,
        trouble: inMemory > 0 ? 'the spool is in memory (durability "memory")' : undefined,
      };
    }
    this.#spooler.seal();
    const pending =
      to === "empty" ? await this.#emptied(deadlineMs) : await this.#deliverer.settled(deadlineMs);
    return { pending, trouble: pending > 0 ? this.#deliverer.trouble : undefined };
  }

  async #emptied(deadlineMs: number): Promise<number> {
    const { clock } = this.#parts;
    const endsAt = clock.monotonic() + deadlineMs;
    await this.#deliverer.settled(deadlineMs, true);
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, Math.max(0, endsAt - clock.monotonic()));
      void this.#recovered.then(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
    return await this.#deliverer.settled(Math.max(0, endsAt - clock.monotonic()), true);
  }

  close(deadlineMs: number): Promise<void> {
    this.#closeDeadlineMs = deadlineMs;
    return this.#close();
  }

  save(): void {
    this.#spooler.sync();
  }

  readonly #close = once(async () => {
    const { spool, store, events } = this.#parts;
    this.#closing = true;
    this.#nextRecovery?.[Symbol.dispose]();
    this.#spooler.close();
    await this.#deliverer.settled(this.#closeDeadlineMs);
    await this.#deliverer.stop();
    await this.#recovered;
    if (!spool.durable) {
      for (const { label, counts } of spool.sealed()) {
        events.dropped("closed", parseLabel(label).collection, counts, { from: "spool", sequences: [] });
      }
    }
    spool.close();
    await store.close();
  });

  /** Now, and again every minute: processes that share this spool's folder can die at any time. */
  #lookForOrphans(): void {
    this.#recovered = this.#recover().catch((thrown: unknown) => {
      const message = `looking through the spool failed: ${asError(thrown).message}`;
      this.#parts.events.trouble({ code: "SPOOL_FAILED", reason: "recovery_failed", message });
    });
    if (!this.#parts.spool.durable) return;
    this.#nextRecovery = this.#parts.clock.setTimer(() => {
      void this.#recovered.then(() => {
        if (!this.#closing) this.#lookForOrphans();
      });
    }, orphanSearchMs);
  }

  async #recover(): Promise<void> {
    const { spool, events } = this.#parts;
    const onLoss = ({ reason, detail, frames, rows, bytes }: SpoolLoss): void => {
      if (frames > 0) events.dropped("corrupt", "(unknown)", { frames, rows, bytes }, { from: "recovered" });
      events.trouble({ code: "CORRUPT", reason: `spool_${reason}`, message: detail });
    };
    for await (const segment of spool.recover(onLoss)) {
      if (this.#closing) return;
      try {
        this.#deliverer.add(segment);
      } catch {
        // Written by another version of this package: whoever reads that version's labels will deliver it.
        const message = `a spool segment of another version was found and left where it is (${segment.id})`;
        events.trouble({ code: "SPOOL_FAILED", reason: "unknown_segment", message });
      }
    }
  }
}
