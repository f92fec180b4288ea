import type { Counts } from "../../base/counts.ts";
import { type Ids, uuidHex } from "../../base/ids.ts";
import type { Clock } from "../../base/time/clock.ts";
import { comesWithin } from "../../base/time/wait.ts";
import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { Allocate } from "../../frame/wire/encode.ts";
import { bodyPath } from "../../layout/body-path.ts";
import { partitionStart } from "../../layout/partition.ts";
import type { Batcher } from "../../pipeline/batching/batcher.ts";
import type { Collection } from "../../pipeline/collection.ts";
import type { EngineEvent } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { labelText } from "../../pipeline/segment-label.ts";
import { AsideBody, type AsideFault, asideFaults, type AsideHome } from "./aside-body.ts";

/** What {@link AsideBodies} need of their deployment. */
export interface AsideBodiesParts {
  readonly clock: Clock;
  readonly ids: Ids;
  /** What holds now. */
  readonly handle: { readonly current: DeploymentConfig };
  readonly batcher: Pick<Batcher, "addRecord">;
}

/** Each is a file that is being written. */
const maxAtOnce = 64;
const maxObjectBytes = 4 * 1024 ** 3;
/** So much of all memory may be taken by what is on its way to the spool. */
const memoryShare = 1 / 2;
/** Nothing that may come from anywhere shall fill the spool alone. */
const spoolShare = 1 / 4;

interface Sent {
  readonly body: AsideBody;
  readonly bytes: number;
}

/** The bodies of a deployment that are on their way to objects of their own. */
export class AsideBodies implements AsideHome {
  readonly #parts: AsideBodiesParts;
  readonly #allocate: Allocate;
  readonly #open = new Set<AsideBody>();
  /** Records whose fate is not known, by their number. */
  readonly #sent = new Map<number, Sent>();
  #sentBytes = 0;

  /** @param allocate memory for a record. */
  constructor(parts: AsideBodiesParts, allocate: Allocate = (size) => new Uint8Array(size)) {
    this.#parts = parts;
    this.#allocate = allocate;
  }

  /** A body of a request of this time; it has a fault at once if it cannot be stored. */
  open(collection: Collection, requestTimeMs: number, known: AsideFault | undefined): AsideBody {
    const { name, endpoint, deployment, rollingRate, ledger } = collection;
    const id = uuidHex(this.#parts.ids);
    const partition = partitionStart(requestTimeMs, rollingRate);
    const place = { endpoint, deployment, rollingRate, collection: name, partition };
    const label = labelText({ ...place, format: "body", body: id });
    const named = { label, ref: bodyPath({ ...place, id }), ledger };
    const body = new AsideBody(this, named, known ?? this.#refusal());
    if (body.fault === undefined) this.#open.add(body);
    return body;
  }

  get maxBytes(): number {
    return Math.min(maxObjectBytes, this.#parts.handle.current.spool.maxBytes * spoolShare);
  }

  hasRoom(bytes: number): boolean {
    return this.#sentBytes + bytes <= this.#parts.handle.current.limits.maxMemoryBytes * memoryShare;
  }

  send(body: AsideBody, record: Uint8Array, counts: Counts, numbered: (sequence: number) => void): void {
    const bytes = this.#allocate(record.byteLength);
    bytes.set(record);
    body.ledger.correctBytes(counts.bytes);
    const told = (sequence: number): void => {
      this.#sent.set(sequence, { body, bytes: record.byteLength });
      this.#sentBytes += record.byteLength;
      numbered(sequence);
    };
    this.#parts.batcher.addRecord(body.label, bytes, told, counts);
  }

  left(body: AsideBody): void {
    this.#open.delete(body);
  }

  /** What becomes of records. */
  heard(event: EngineEvent): void {
    if (this.#sent.size === 0) return;
    if (event.kind === "spooled") this.#settle(event.sequence, undefined);
    else if (event.kind === "dropped" && event.origin.from === "memory")
      for (const sequence of event.origin.sequences) this.#settle(sequence, faultOf(event.reason));
  }

  /** True while there are bodies that have come to their end, and whose fate is not known. */
  get areEnding(): boolean {
    return this.#ended.length > 0;
  }

  /** Resolves when that of each of them is, or at the deadline. */
  async settled(deadlineMs: number): Promise<void> {
    const all = Promise.all(this.#ended.map(({ over }) => over));
    await comesWithin(this.#parts.clock, deadlineMs, all);
  }

  get #ended(): AsideBody[] {
    return [...this.#open].filter(({ isEnding }) => isEnding);
  }

  #refusal(): AsideFault | undefined {
    const { spool, format } = this.#parts.handle.current;
    if (spool.durability === "memory" || format === "azureml") return "unavailable";
    return this.#open.size >= maxAtOnce ? "too_many" : undefined;
  }

  #settle(sequence: number, fault: AsideFault | undefined): void {
    const sent = this.#sent.get(sequence);
    if (sent === undefined) return;
    this.#sent.delete(sequence);
    this.#sentBytes -= sent.bytes;
    sent.body.settled(sequence, fault);
  }
}

function faultOf(reason: DropReason): AsideFault {
  return Object.hasOwn(asideFaults, reason) ? (reason as AsideFault) : "io_error";
}
