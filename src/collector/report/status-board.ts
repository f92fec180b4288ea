import { addCounts, type Counts, noCounts } from "../../base/counts.ts";
import { countOf } from "../../base/plural.ts";
import type { Clock } from "../../base/time/clock.ts";
import type { BackendHealth } from "../../pipeline/engine-event.ts";
import type { SpoolUsage } from "../../spool/spool.ts";
import type { DeploymentStatus } from "../api.ts";

const rememberedMs = 60_000;
/** Notes kept; beyond it the oldest goes. */
const maxNotes = 100;

interface Note {
  readonly text: string;
  readonly endsAt: number;
}

/**
 * How a deployment is doing: what delivery says of itself, what is wrong until somebody mends it, and what
 * else went wrong within the last minute. That it is told of for a while makes a trouble visible to those who
 * look now and then, as health checks do.
 */
export class StatusBoard implements Disposable {
  readonly #clock: Clock;
  readonly #changed: (health: BackendHealth) => void;
  #delivery: BackendHealth = { status: "ok", reasons: [] };
  #usage: SpoolUsage = { bytes: 0, segments: 0, quarantined: 0, oldest: undefined };
  #recovered: DeploymentStatus["recovered"] = { delivered: noCounts, lost: noCounts };
  /** The oldest first. */
  readonly #notes = new Map<string, Note>();
  readonly #holding = new Map<string, string>();
  readonly #hints: string[] = [];
  #told: BackendHealth = this.#delivery;
  #timer: Disposable | undefined;
  #stopped = false;

  /**
   * @param changed is told each health that differs from the one before, also when a reason has become too
   * old.
   */
  constructor(clock: Clock, changed: (health: BackendHealth) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get health(): BackendHealth {
    const now = this.#clock.monotonic();
    for (const [key, { endsAt }] of this.#notes) if (endsAt <= now) this.#notes.delete(key);
    const notes = Array.from(this.#notes.values(), ({ text }) => text);
    const others = [...new Set([...this.#holding.values(), ...notes])];
    const { quarantined } = this.#usage;
    if (quarantined > 0)
      others.push(`${countOf(quarantined, "segment")} in quarantine, waiting for somebody to look`);
    const { status, reasons } = this.#delivery;
    if (others.length === 0 && this.#hints.length === 0) return this.#delivery;
    const isDegraded = status === "ok" && others.length > 0;
    return { status: isDegraded ? "degraded" : status, reasons: [...reasons, ...others, ...this.#hints] };
  }

  /** Segments that wait in the spool: of this process, and of those that it took over from earlier ones. */
  get waiting(): number {
    return this.#usage.segments;
  }

  /** The whole of it, for the user. */
  status(closed: boolean): DeploymentStatus {
    const { status, reasons } = this.health;
    const { bytes, segments, quarantined, oldest } = this.#usage;
    const oldestAgeMs = oldest === undefined ? null : Math.max(0, this.#clock.now() - oldest);
    return {
      status: closed ? "closed" : status,
      reasons,
      spool: { bytes, segments, oldestAgeMs, quarantined },
      recovered: this.#recovered,
    };
  }

  /** Delivery is doing so from now on. */
  delivery(health: BackendHealth): void {
    this.#delivery = health;
    this.#tell();
  }

  /** The spool holds so much now. */
  usage(usage: SpoolUsage): void {
    const before = this.#usage;
    this.#usage = usage;
    if (usage.quarantined !== before.quarantined) this.#tell();
  }

  /** Something went wrong: one reason for each `key`, until it is a minute old. */
  note(key: string, text: string): void {
    const known = this.#notes.delete(key);
    if (!known && this.#notes.size >= maxNotes) this.#notes.delete(this.#notes.keys().next().value as string);
    this.#notes.set(key, { text, endsAt: this.#clock.monotonic() + rememberedMs });
    // What is only repeated is told already, and drops can come by the thousand.
    if (!known) this.#tell();
  }

  /** Something is wrong, one reason for each `key`, until that is called with undefined. */
  hold(key: string, text: string | undefined): void {
    if (text === undefined) this.#holding.delete(key);
    else this.#holding.set(key, text);
    this.#tell();
  }

  /** Something is not as it should be, and makes nothing worse that is done now. */
  hint(text: string): void {
    if (this.#hints.includes(text)) return;
    this.#hints.push(text);
    this.#tell();
  }

  /** Frames that an earlier process had left came to their end. */
  recovered(fate: "delivered" | "lost", counts: Counts): void {
    this.#recovered = { ...this.#recovered, [fate]: addCounts(this.#recovered[fate], counts) };
  }

  /** Tells no more. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #tell(): void {
    if (this.#stopped) return;
    const { health } = this;
    const before = this.#told;
    this.#told = health;
    this.#arm();
    if (health.status === before.status && health.reasons.join("\n") === before.reasons.join("\n")) return;
    this.#changed(health);
  }

  /** Looks again when the oldest note has had its minute. */
  #arm(): void {
    const oldest = this.#notes.values().next().value;
    if (this.#timer !== undefined || oldest === undefined) return;
    const leftMs = Math.max(1, oldest.endsAt - this.#clock.monotonic());
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#tell();
    }, leftMs);
  }
}
