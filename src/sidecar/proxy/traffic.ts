import type { Outcome } from "../../http/payload-rows.ts";

/** What went through a proxy since it began. */
export class Traffic {
  readonly #ended: Record<Outcome, number> = {
    complete: 0,
    client_aborted: 0,
    server_aborted: 0,
    timeout: 0,
    error: 0,
  };
  #inFlight = 0;
  #requestBytes = 0;
  #responseBytes = 0;

  /** Exchanges that have ended, by outcome, logged or not. */
  get ended(): Readonly<Record<Outcome, number>> {
    return this.#ended;
  }

  /** Exchanges under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes of requests' bodies. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** Bytes of responses' bodies. */
  get responseBytes(): number {
    return this.#responseBytes;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(outcome: Outcome): void {
    this.#inFlight--;
    this.#ended[outcome]++;
  }

  received(bytes: number): void {
    this.#requestBytes += bytes;
  }

  sent(bytes: number): void {
    this.#responseBytes += bytes;
  }
}
