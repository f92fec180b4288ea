import type { Frame } from "../frames.ts";

/** A way to keep the frames that a service sees: ours, or what people do instead. */
export interface Sink {
  /** What it reads of a frame. */
  readonly form: keyof Frame;
  /** Takes a frame on the caller's thread. */
  collect(frame: Frame): void;
  /** When it holds too much already: resolves once it can take more. */
  pressure(): Promise<void> | undefined;
  /** Resolves when everything is in files. */
  close(): Promise<void>;
  /** Frames that it did not keep because it had no room for them. */
  readonly lostFrames: number;
}

/** Opens a sink that writes into an empty folder. */
export type OpenSink = (folder: string) => Promise<Sink>;
