/** What is stored with each row of a frame. */
export interface FrameFacts {
  readonly correlationId: string;
  readonly eventId: string;
  /** When the frame was collected, milliseconds since 1970 UTC. */
  readonly eventTimeMs: number;
  /** When the request began, milliseconds since 1970 UTC. */
  readonly requestTimeMs: number;
  /** The header `x-request-id`. */
  readonly requestId: string | null;
  /** The header `x-ms-client-request-id`. */
  readonly clientRequestId: string | null;
  /** 0 to 1. */
  readonly samplingRate: number;
  readonly configVersion: number;
  /** JSON text. */
  readonly tags: string | null;
}
