import { type Counts, noCounts } from "../../base/counts.ts";
import { bodyGivenUp, writeBodyEnd } from "../../pipeline/delivery/bodies/body-end.ts";
import type { Ledger } from "../../pipeline/ledger.ts";

/**
 * Why a body is not stored aside, by the word that stands in `mdc_tags`, in `info.reason` and in the
 * documents.
 */
export const asideFaults = {
  spool_full: "found the spool half full, of which bodies leave the rest to frames",
  disk_low: "found too little room on the spool's disk",
  io_error: "could not be written to the spool",
  memory: "came faster than the spool takes it",
  too_large: "is longer than 4 GiB, or than a quarter of spool.maxBytes",
  too_many: "came while 64 others were being stored aside",
  undecided: "is of a request that the rate leaves out, unless something keeps it",
  unavailable: 'needs a spool on a disk, and files: durability "memory" and format "azureml" have none',
  closed: "came when the deployment was closed",
} as const;

/** Why a body is not stored aside. */
export type AsideFault = keyof typeof asideFaults;

/** Where a body's records go. */
export interface AsideHome {
  /** Bytes that one body may have now. */
  readonly maxBytes: number;
  /** False if so many bytes more find no room on their way to the spool. */
  hasRoom(bytes: number): boolean;
  /** Hands a record over; what becomes of it is told to {@link AsideBody.settled} under this number. */
  send(body: AsideBody, record: Uint8Array, counts: Counts, numbered: (sequence: number) => void): void;
  /** Nothing more comes of it. */
  left(body: AsideBody): void;
}

/** Where a body belongs. */
export interface AsidePlace {
  /** Of its segment. */
  readonly label: string;
  /** Path of the object that it becomes, relative to the destination. */
  readonly ref: string;
  /** Its bytes are counted there with those of frames. */
  readonly ledger: Ledger;
}

/** A record is filled up to this size: one of many small chunks costs no more than one of few large ones. */
const pieceBytes = 256 * 1024;

/**
 * One body on its way to an object of its own. What is written is on its way to the spool in pieces, of which
 * one is held here. Nothing here throws or waits: a body that the spool does not take has a fault from then
 * on, and the rest of it goes nowhere.
 */
export class AsideBody implements AsidePlace {
  readonly label: string;
  readonly ref: string;
  readonly ledger: Ledger;
  readonly #home: AsideHome;
  #fault: AsideFault | undefined;
  #sha256: string | null = null;
  #size = 0;
  #piece: Uint8Array | undefined;
  #filled = 0;
  #isEnded = false;
  #end: number | undefined;
  /** Resolves when it is whole in the spool, and that is durable; or has a fault. */
  readonly over: Promise<void>;
  #tellOver = (): void => {};

  /** @param fault why it is not to be stored, if that is known already. */
  constructor(home: AsideHome, { label, ref, ledger }: AsidePlace, fault?: AsideFault) {
    this.#home = home;
    this.label = label;
    this.ref = ref;
    this.ledger = ledger;
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    if (fault !== undefined) this.#settle(fault);
  }

  /** Why it is not stored, as far as that is known. */
  get fault(): AsideFault | undefined {
    return this.#fault;
  }

  /** True when it waits to be settled. */
  get isEnding(): boolean {
    return this.#isEnded && this.#fault === undefined;
  }

  /** Of all that was written, 64 hex digits; null before that is known. */
  get sha256(): string | null {
    return this.#sha256;
  }

  /** Takes the next bytes; they are copied. */
  write(bytes: Uint8Array): void {
    if (this.#fault !== undefined) return;
    this.#size += bytes.byteLength;
    if (this.#size > this.#home.maxBytes) {
      this.#fail("too_large");
      return;
    }
    for (let at = 0; at < bytes.byteLength && this.#fault === undefined; ) {
      this.#piece ??= new Uint8Array(pieceBytes);
      const part = bytes.subarray(at, at + pieceBytes - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === pieceBytes) this.#send();
    }
  }

  /** No more is written; this is the hash of all. It is kept here until {@link AsideBody.end}. */
  written(sha256: string): void {
    this.#sha256 = sha256;
  }

  /** What was written is all of it, and is to be stored. */
  end(): void {
    if (this.#fault === undefined && this.#filled > 0) this.#send();
    const sha256 = this.#sha256;
    if (this.#fault !== undefined || sha256 === null) return;
    this.#piece = undefined;
    this.#isEnded = true;
    const record = writeBodyEnd({ size: this.#size, sha256 });
    this.#home.send(this, record, noCounts, (sequence) => {
      this.#end = sequence;
    });
  }

  /** It is not to be stored, after all. */
  giveUp(): void {
    this.#fail("closed");
  }

  /** What became of a record: it is in the spool, or is lost for this reason. */
  settled(sequence: number, fault: AsideFault | undefined): void {
    if (fault !== undefined) this.#fail(fault);
    else if (sequence === this.#end) this.#settle(undefined);
  }

  #send(): void {
    const piece = this.#piece?.subarray(0, this.#filled) ?? bodyGivenUp;
    this.#filled = 0;
    if (!this.#home.hasRoom(piece.byteLength)) this.#fail("memory");
    else this.#home.send(this, piece, { ...noCounts, bytes: piece.byteLength }, () => undefined);
  }

  #fail(fault: AsideFault): void {
    if (this.#fault !== undefined) return;
    this.#settle(fault);
    if (!this.#isEnded) this.#home.send(this, bodyGivenUp, noCounts, () => undefined);
  }

  #settle(fault: AsideFault | undefined): void {
    this.#fault = fault;
    this.#piece = undefined;
    this.#tellOver();
    this.#home.left(this);
  }
}
