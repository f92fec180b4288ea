import type { Counts } from "../../../base/counts.ts";
import type { Clock } from "../../../base/time/clock.ts";
import { type CountsEntry, writeEntries } from "../../../layout/ledger-entry.ts";
import { ledgerHour } from "../../../layout/ledger-hour.ts";
import type { DropReason } from "../../ledger.ts";
import { ownJson } from "../../../base/own-json.ts";
import { isData, ledgerLabel, profileLabel, tableLabel } from "../../segment-label.ts";
import type { DeliveryTask } from "../delivery-task.ts";

/** What {@link DeliveryBook} needs. */
export interface BookParts {
  /** Puts a record into the spool. */
  readonly append: (label: string, record: Uint8Array, sequence: number) => void;
  readonly clock: Clock;
  /** That of this process. */
  readonly instance: string;
  /** True if files are to be entered into the logs of their tables. Default false. */
  readonly tables?: boolean;
}

/**
 * Enters into the stored ledger what becomes of segments, of whatever process, as it happens and before the
 * segment leaves the spool: whoever finds the one there finds the other. An entry that the disk refuses is
 * missing, and whoever reads takes its frames for such that still wait.
 */
export class DeliveryBook {
  /** That of this process. */
  readonly instance: string;
  readonly #parts: BookParts;
  #sequence = 0;

  constructor(parts: BookParts) {
    this.#parts = parts;
    this.instance = parts.instance;
  }

  /** The file of a segment is stored. */
  delivered(task: DeliveryTask): void {
    const { frames, rows, bytes } = task.counts;
    this.#enter(task, { files: { [task.segment.id]: [frames, rows, bytes] } });
    const { label, file } = task;
    if (this.#parts.tables !== true || label.format !== "parquet" || file === undefined) return;
    const text = ownJson({ ...file, modifiedAt: this.#parts.clock.now() });
    const record = new TextEncoder().encode(text);
    this.#parts.append(tableLabel(label.endpoint, label.deployment), record, this.#next());
  }

  /** What the rows of a segment are like, as texts of the stored profiles. */
  profiled({ label: { endpoint, deployment } }: DeliveryTask, texts: readonly string[]): void {
    const label = profileLabel(endpoint, deployment);
    for (const text of texts) this.#parts.append(label, new TextEncoder().encode(text), this.#next());
  }

  /** Frames of a segment are lost, all or those of one record. */
  dropped(task: DeliveryTask, reason: DropReason, { frames, rows }: Counts, record?: number): void {
    const { id } = task.segment;
    this.#enter(task, { lost: { [record === undefined ? id : `${id}/${record}`]: [reason, frames, rows] } });
  }

  #enter({ segment, label }: DeliveryTask, fate: Pick<CountsEntry, "files" | "lost">): void {
    if (!isData(label)) return;
    const { endpoint, deployment, collection } = label;
    const owner = { instance: segment.instance ?? this.instance, ...ledgerHour(label), collection };
    const record = new TextEncoder().encode(writeEntries([{ kind: "counts", ...owner, ...fate }]));
    this.#parts.append(ledgerLabel(endpoint, deployment), record, this.#next());
  }

  /** Beyond the numbers of batches, and of what a thread of this process entered that has died. */
  #next(): number {
    this.#sequence = Math.max(this.#sequence + 1, beyondBatches + this.#parts.clock.now() * entriesPerMs);
    return this.#sequence;
  }
}

const beyondBatches = 2 ** 52;
/** Room for so many entries a millisecond, until the year 2100 and beyond. */
const entriesPerMs = 1_024;
