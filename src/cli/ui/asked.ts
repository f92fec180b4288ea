import type { Catalog } from "../../reader/catalog.ts";
import type { Dataset } from "../../reader/dataset.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import type { SpooledFrame } from "../../operator/spooled-frames.ts";
import { type BadFiles, shownText } from "./answers.ts";
import type { Query } from "./query.ts";

/** What the page looks into. */
export interface Source {
  readonly data: Dataset;
  readonly catalog: Catalog;
  /** What waits on this machine of a request. */
  waitingFrames(correlationId: string): readonly SpooledFrame[];
  /** What waits on this machine, as lines for people. */
  waitingLines(): Promise<readonly string[]>;
}

/** One question of the page. */
export interface Asked {
  readonly source: Source;
  readonly query: Query;
  /** Fired when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Tells how far it has come, in front of the answer. */
  progress(told: unknown): void;
}

const maxTold = 20;

/** Bad files, collected while an answer is made. */
export class BadFileList {
  readonly #files: UnreadableFile[] = [];
  #last: string | undefined;
  #count = 0;

  /** To be called with each. */
  readonly add = ({ path, reason }: UnreadableFile): void => {
    // A log is told of with each file of its table.
    if (path === this.#last) return;
    this.#last = path;
    if (this.#count++ < maxTold) this.#files.push({ path: shownText(path), reason: shownText(reason) });
  };

  /** The first, and how many there are. */
  get told(): BadFiles {
    return { count: this.#count, first: this.#files };
  }
}
