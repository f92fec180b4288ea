import { type Clock, onNextTurn } from "../../base/time/clock.ts";
import { type CodedBody, decodeLater, decodeNow } from "./decode-body.ts";

/** The bodies of an exchange that is over, and what is to be done when they are ready. */
export interface BodyJob {
  /** Those to be decoded; undefined for one that stays as it came. */
  readonly coded: readonly (CodedBody | undefined)[];
  /** Bytes that a decoded body may have. */
  readonly maxBytes: number;
  /** Takes the decoded bodies, each undefined if it could not be decoded, or need not be. Throws nothing. */
  readonly done: (decoded: readonly (Buffer | undefined)[]) => void;
}

interface DecodedJob {
  readonly job: BodyJob;
  readonly decoded: readonly (Buffer | undefined)[];
}

/** Exchanges whose bodies are decoded at the same time: as many as there are threads for that. */
const maxAtOnce = 4;
/** Exchanges that wait; their bodies are bounded by the memory for bodies, which they still hold. */
const maxWaiting = 10_000;
/** What one turn of the event loop may cost beyond one exchange, milliseconds. */
const maxTurnMs = 1;

/**
 * Makes bodies ready to be stored when their exchanges are over, in their order and a few in a turn of the
 * event loop, so that requests have theirs. Decoding happens on other threads.
 */
export class BodyQueue {
  readonly #clock: Clock;
  readonly #jobs: BodyJob[] = [];
  #isWorking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(job: BodyJob): void {
    if (this.#jobs.length === maxWaiting) this.#finishFirst();
    this.#jobs.push(job);
    if (this.#isWorking) return;
    this.#isWorking = true;
    onNextTurn(() => void this.#work());
  }

  /** All of them, at once. */
  finishAll(): void {
    while (this.#jobs.length > 0) this.#finishFirst();
  }

  #finishFirst(): void {
    const job = this.#jobs.shift();
    job?.done(job.coded.map((body) => body && decodeNow(body, job.maxBytes)));
  }

  async #work(): Promise<void> {
    let startedAt = this.#clock.monotonic();
    while (this.#jobs.length > 0) {
      for (const { job, decoded } of await this.#decoded(this.#jobs.slice(0, maxAtOnce))) {
        // Who could not wait may have had it finished meanwhile.
        if (this.#jobs[0] !== job) continue;
        this.#jobs.shift();
        job.done(decoded);
        if (this.#clock.monotonic() - startedAt < maxTurnMs) continue;
        await new Promise<void>(onNextTurn);
        startedAt = this.#clock.monotonic();
      }
    }
    this.#isWorking = false;
  }

  #decoded(jobs: readonly BodyJob[]): Promise<readonly DecodedJob[]> {
    const decoding = jobs.map(async (job) => {
      const bodies = job.coded.map((body) => body && decodeLater(body, job.maxBytes));
      return { job, decoded: await Promise.all(bodies) };
    });
    return Promise.all(decoding);
  }
}
