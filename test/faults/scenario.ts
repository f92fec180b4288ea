import type { DeploymentOptions } from "model-data-collector";

/** What a process of a fault run does: plain data, handed over as JSON. */
export interface Scenario {
  /** Begins the ids of its frames; different for each process. */
  readonly writer: string;
  /** Of its deployment. `onError` is set by the process itself. */
  readonly deployment: Omit<DeploymentOptions, "onError" | "onStats" | "credential" | "destination"> & {
    readonly destination: string;
    readonly credential?: string | undefined;
  };
  /** Its credential is an object that gives tokens, well at first, with this text in each. */
  readonly tokensOf?: string;
  /** Frames a second; default 2,000. */
  readonly rate?: number;
  /** The process ends by itself after so many; default: it goes on until it is told to end, or is killed. */
  readonly frames?: number;
  /** Extra bytes in each row, rounded up to a multiple of 32; default 0. */
  readonly paddingBytes?: number;
  /** Milliseconds between two barriers (`flush({ to: "spool" })`), 0 for none; default 60. */
  readonly barrierMs?: number;
  /** How it ends; default `close`. */
  readonly ending?: Ending;
  /** Milliseconds that `close` has; default 30,000. */
  readonly closeMs?: number;
  /** It waits for a message before it opens its deployment, or before it collects. */
  readonly gate?: "open" | "collect";
  /**
   * For so long it collects, at its rate, before it gives the event loop back for the first time,
   * milliseconds; default 0.
   */
  readonly busyMs?: number;
  /** Each collection gets its frames in turn; default one, `frames`. */
  readonly collections?: readonly string[];
  /** Each of them gets every frame, under one id. */
  readonly toAll?: boolean;
  /** Its requests are of so many hours, by turns: of this one, and of those before it; default 1. */
  readonly hours?: number;
  /** Milliseconds between two looks at which frames are due; default 5. */
  readonly tickMs?: number;
}

/**
 * `natural`: the event loop runs empty. `flush`: after a flush to the destination it does. `wait`: not at
 * all, it waits to be killed; `flush-and-wait`: after a flush to the destination.
 */
export type Ending =
  | "close"
  | "natural"
  | "flush"
  | "flush-and-wait"
  | "exit"
  | "throw"
  | "reject"
  | "out-of-memory"
  | "wait"
  | "close-on-sigterm";
