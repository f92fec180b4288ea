import type { BackendSettings, FlushReport, FlushGoal, OutgoingBatch } from "../../pipeline/backend.ts";
import type { EngineEvent } from "../../pipeline/engine-event.ts";
import type { SealedSegment } from "../../spool/spool.ts";
import type { EngineSpec } from "../compose.ts";

/**
 * What the two threads say to each other. Secrets travel in `start` and `token` only: a message is gone when it is read,
 * while a worker's `workerData` can be inspected for as long as it lives.
 */
export type ToBackground =
  | { readonly type: "start"; readonly spec: EngineSpec; readonly progress: SharedArrayBuffer }
  | { readonly type: "append"; readonly batch: OutgoingBatch }
  | { readonly type: "deliver"; readonly segment: SealedSegment }
  | { readonly type: "update"; readonly settings: BackendSettings }
  | {
      readonly type: "flush";
      readonly id: number;
      readonly to: FlushGoal;
      readonly deadlineMs: number;
    }
  | { readonly type: "close"; readonly deadlineMs: number }
  | {
      readonly type: "token";
      readonly id: number;
      readonly token: AccessTokenMessage | null;
      readonly error?: string;
    }
  | { readonly type: "ping" };

export interface AccessTokenMessage {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

export type FromBackground =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "event"; readonly event: EngineEvent }
  | { readonly type: "flushed"; readonly id: number; readonly report: FlushReport }
  | { readonly type: "closed" }
  | { readonly type: "token"; readonly id: number; readonly scopes: readonly string[] }
  | { readonly type: "pong" };
