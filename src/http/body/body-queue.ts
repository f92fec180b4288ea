import { onNextTurn } from "../../base/time/clock.ts";
import { type CodedBody, decodeLater, decodeNow } from "./decode-body.ts";

/** The bodies of an exchange that is over, and what is to be done when they are ready. */
export interface BodyJob {
  /** Those to be decoded; undefined for one that stays as it came. */
  readonly coded: readonly (CodedBody | undefined)[];
  /** Takes the decoded bodies, each undefined if it could not be decoded, or need not be. */
  readonly done: (decoded: readonly (Buffer | undefined)[]) => void;
}

/**
 * Makes bodies ready to be stored when their exchanges are over, one exchange in a turn of the event loop and
 * in their order; decoding happens on another thread, of one exchange at a time. How many wait is bounded by
 * the memory for bodies, which they still hold.
 */
export class BodyQueue {
  readonly #maxBytes: number;
  readonly #jobs: BodyJob[] = [];
  #isWorking = false;

  /** @param maxBytes bytes that a decoded body may have. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(job: BodyJob): void {
    this.#jobs.push(job);
    if (this.#isWorking) return;
    this.#isWorking = true;
    onNextTurn(() => void this.#work());
  }

  /** All of them, at once. */
  finishAll(): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift())
      job.done(job.coded.map((body) => body && decodeNow(body, this.#maxBytes)));
  }

  async #work(): Promise<void> {
    const [job] = this.#jobs;
    if (job !== undefined) {
      const decoded = job.coded.some((body) => body !== undefined)
        ? await Promise.all(job.coded.map((body) => body && decodeLater(body, this.#maxBytes)))
        : job.coded.map(() => undefined);
      // Who could not wait may have had it finished meanwhile.
      if (this.#jobs[0] === job) {
        this.#jobs.shift();
        job.done(decoded);
      }
    }
    this.#isWorking = this.#jobs.length > 0;
    if (this.#isWorking) onNextTurn(() => void this.#work());
  }
}
