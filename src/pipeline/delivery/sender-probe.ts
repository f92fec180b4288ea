import type { Sender } from "../../agent/sender.ts";
import type { Obstacle } from "./delivery-health.ts";
import type { Outage } from "./outage.ts";

export interface SenderProbeParts {
  readonly sender: Sender;
  readonly outage: Outage;
  readonly signal: AbortSignal;
  /** Whether frames are on their way: these find out better. */
  readonly isBusy: () => boolean;
  /** Told of the first answer if it is none; then not again until somebody was there. */
  readonly onAbsent: (obstacle: Obstacle, delayMs: number) => void;
  /** Told when it is over. */
  readonly onDone: () => void;
}

/** Looks whether a sender has somebody to send to, before there is a frame for it. */
export class SenderProbe {
  readonly #parts: SenderProbeParts;

  constructor(parts: SenderProbeParts) {
    this.#parts = parts;
  }

  /** Never rejects. Who gets no answer pauses the outage, whose end is the time for the next try. */
  async run(): Promise<void> {
    const { sender, outage, signal, isBusy, onAbsent, onDone } = this.#parts;
    const result = await sender.probe(signal);
    if (signal.aborted || isBusy()) return;
    if (result.status === "sent") outage.succeeded();
    else {
      const isNew = outage.obstacle === undefined;
      const { obstacle, delayMs } = outage.passing(result.error.message);
      outage.pause(obstacle, delayMs);
      if (isNew) onAbsent(obstacle, delayMs);
    }
    onDone();
  }
}
