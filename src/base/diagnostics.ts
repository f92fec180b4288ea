import { channel, type Channel } from "node:diagnostics_channel";

/**
 * Public events, on `node:diagnostics_channel`: subscribe to `model-data-collector:<name>`. Publishing costs nothing while
 * nobody listens. Messages are plain data without secrets; fields may be added, never changed or removed.
 *
 * | Channel | When | Message |
 * |-|-|-|
 * | `model-data-collector:spooled` | a batch is in the durable spool | `{ collection, frames, rows, bytes }` |
 * | `model-data-collector:delivered` | a file is at the destination | `{ collection, frames, rows, bytes, recovered }` |
 * | `model-data-collector:dropped` | frames were lost | `{ collection, reason, frames, rows, bytes }` |
 * | `model-data-collector:trouble` | something is wrong, also when `onError` is not told because it just was | `{ code, reason, message, collection }` |
 * | `model-data-collector:health` | delivery got better or worse | `{ status, reasons }` |
 * | `model-data-collector:config` | a configuration was swapped in | `{ version }` |
 */
export type DiagnosticEvents = {
  readonly spooled: Amount;
  readonly delivered: Amount & { readonly recovered: boolean };
  readonly dropped: Amount & { readonly reason: string };
  readonly trouble: {
    readonly code: string;
    readonly reason: string;
    readonly message: string;
    readonly collection: string | null;
  };
  readonly health: { readonly status: "ok" | "degraded" | "failing"; readonly reasons: readonly string[] };
  readonly config: { readonly version: number };
};

interface Amount {
  readonly collection: string;
  readonly frames: number;
  readonly rows: number;
  readonly bytes: number;
}

const channels: { readonly [K in keyof DiagnosticEvents]: Channel } = {
  spooled: channel("model-data-collector:spooled"),
  delivered: channel("model-data-collector:delivered"),
  dropped: channel("model-data-collector:dropped"),
  trouble: channel("model-data-collector:trouble"),
  health: channel("model-data-collector:health"),
  config: channel("model-data-collector:config"),
};

/** Publishes an event; `make` is called only if somebody listens. What a listener throws, Node reports; it reaches nobody here. */
export function publish<K extends keyof DiagnosticEvents>(name: K, make: () => DiagnosticEvents[K]): void {
  const target = channels[name];
  if (target.hasSubscribers) target.publish(make());
}
