import type {
  BackendHealth,
  BackendSettings,
  DropOrigin,
  FlushReport,
  FlushTarget,
  OutgoingBatch,
  Trouble,
} from "../pipeline/backend.ts";
import type { DropReason } from "../pipeline/ledger.ts";
import type { Counts, SealedSegment, SpoolUsage } from "../spool/spool.ts";
import type { EngineSpec } from "./compose.ts";

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
      readonly to: FlushTarget | "empty";
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
  | {
      readonly type: "spooled";
      readonly collection: string;
      readonly sequence: number;
      readonly counts: Counts;
    }
  | {
      readonly type: "delivered";
      readonly collection: string;
      readonly counts: Counts;
      readonly recovered: boolean;
      readonly sequences: readonly number[];
    }
  | {
      readonly type: "dropped";
      readonly reason: DropReason;
      readonly collection: string;
      readonly counts: Counts;
      readonly origin: DropOrigin;
    }
  | { readonly type: "trouble"; readonly trouble: Trouble }
  | { readonly type: "health"; readonly health: BackendHealth }
  | { readonly type: "usage"; readonly usage: SpoolUsage }
  | { readonly type: "flushed"; readonly id: number; readonly report: FlushReport }
  | { readonly type: "closed" }
  | { readonly type: "token"; readonly id: number; readonly scopes: readonly string[] }
  | { readonly type: "pong" };
