import type { Ids } from "../../base/ids.ts";
import type { FrameFacts } from "../../frame/frame-facts.ts";
import { CorrelationContext } from "../context/correlation-context.ts";
import type { Terms } from "./terms.ts";

/** The call of `collect`, or what stands for it. */
export interface CollectedEvent {
  /** When it happened, milliseconds since 1970. */
  readonly timeMs: number;
  /** What it is known by; default a new UUIDv7. */
  readonly id?: string;
}

/**
 * What is stored with a frame besides its columns. A class for the reason that a snapshot is one: see
 * `snapshot.ts`. Ids are made when the frame is put into its batch, not while the caller waits.
 */
export class CallFacts implements FrameFacts {
  readonly eventTimeMs: number;
  readonly configVersion: number;
  #samplingRate: number;
  readonly #context: CorrelationContext;
  readonly #ids: Ids;
  #ownId: string | undefined;

  constructor(
    context: CorrelationContext,
    { samplingRate, configVersion }: Terms,
    ids: Ids,
    { timeMs, id }: CollectedEvent,
  ) {
    this.#context = context;
    this.#samplingRate = samplingRate;
    this.configVersion = configVersion;
    this.#ids = ids;
    this.eventTimeMs = timeMs;
    this.#ownId = id;
  }

  /** How likely it was to be stored. */
  get samplingRate(): number {
    return this.#samplingRate;
  }

  /** It is stored in any case: whatever the rate had said, the request is kept. */
  keep(): void {
    this.#samplingRate = 1;
  }

  get correlationId(): string {
    return CorrelationContext.idOf(this.#context);
  }

  get eventId(): string {
    this.#ownId ??= this.#ids.uuid();
    return this.#ownId;
  }

  get requestTimeMs(): number {
    return CorrelationContext.requestTimeOf(this.#context);
  }

  get requestId(): string | null {
    return CorrelationContext.requestIdOf(this.#context);
  }

  get clientRequestId(): string | null {
    return CorrelationContext.clientRequestIdOf(this.#context);
  }

  get tags(): string | null {
    return this.#context.tagsText;
  }
}
