/** Port: takes frames one by one, and answers for each. */
export interface Sender {
  /** Where they go, for people. */
  readonly description: string;
  /**
   * Sends a frame. Never throws for what a network or service can do; what the body throws, it throws too.
   * `signal` ends the attempt; the result is then `retryable`, and the frame may have arrived.
   */
  send(frame: OutgoingFrame, signal?: AbortSignal): Promise<SendResult>;
  /** Whether anybody is there to take frames; sends nothing. */
  probe(signal?: AbortSignal): Promise<SendResult>;
  /** Gives back sockets. Idempotent. */
  close(): void;
}

/** A frame on its way: headers by name, in Latin-1, and a body that is opened again for each try. */
export interface OutgoingFrame {
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/**
 * What became of a frame.
 * - `sent`: it was accepted.
 * - `retryable`: the same may work later; `class` says whether time alone heals it (`transient`), or somebody
 *   must change something (`configuration`).
 * - `rejected`: this frame will never be taken.
 */
export type SendResult =
  | { readonly status: "sent" }
  | {
      readonly status: "retryable";
      readonly class: "transient" | "configuration";
      readonly error: Error;
      readonly retryAfterMs?: number;
    }
  | { readonly status: "rejected"; readonly error: Error };
