import { channel, type Channel } from "node:diagnostics_channel";

/**
 * Public events, on `node:diagnostics_channel`: subscribe to `model-data-collector:<name>`. Publishing costs
 * nothing while nobody listens. Messages are plain data without secrets; fields may be added, never changed
 * or removed. Every message has the `endpoint` and `deployment` that it is about.
 *
 * | Channel `model-data-collector:` | When | Fields beside `endpoint`, `deployment` |
 * |-|-|-|
 * | `spooled` | a batch is safe in the spool | `collection`, `frames`, `rows`, `bytes` |
 * | `delivered` | a file is at the destination | `collection`, `frames`, `rows`, `bytes`, `recovered` |
 * | `dropped` | frames were lost: every time, not only when `onError` is told | `collection`, `frames`, `rows`, `bytes`, `reason`, `recovered` |
 * | `trouble` | something is wrong that is no drop: also when `onError` is not told because it just was | `code`, `reason`, `message`, `collection` |
 * | `health` | `status()` got better or worse, or has other reasons | `status`, `reasons` |
 * | `config` | another configuration holds, by an `update` or a changed file | `version` |
 *
 * `recovered` is true of what an earlier process had left in the spool. Subscribers are called synchronously,
 * some within `collect`. What one throws never reaches the caller of `collect`: Node raises it as
 * `uncaughtException` a moment later, as for every channel.
 */
export interface DiagnosticEvents {
  readonly spooled: Source & Amount;
  readonly delivered: Source & Amount & { readonly recovered: boolean };
  readonly dropped: Source & Amount & { readonly reason: string; readonly recovered: boolean };
  readonly trouble: Source & {
    readonly code: string;
    readonly reason: string;
    readonly message: string;
    readonly collection: string | null;
  };
  readonly health: Source & {
    readonly status: "ok" | "degraded" | "failing";
    readonly reasons: readonly string[];
  };
  readonly config: Source & { readonly version: number };
}

interface Source {
  readonly endpoint: string;
  readonly deployment: string;
}

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

/** Publishes an event about the deployment `source`; `make` is called only if somebody listens. */
export function publish<K extends keyof DiagnosticEvents>(
  name: K,
  { endpoint, deployment }: Source,
  make: () => Omit<DiagnosticEvents[K], keyof Source>,
): void {
  const target = channels[name];
  if (target.hasSubscribers) target.publish({ endpoint, deployment, ...make() });
}
