import type { Values } from "../batch.ts";
import type { Cell } from "../cell.ts";
import { cutJson } from "../copy/cut-text.ts";
import { toWellFormed } from "../../base/well-formed.ts";
import { PlainValues } from "./plain-values.ts";
import { Presence } from "../presence.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/**
 * A builder of json, rejected or binary columns: it takes boxes of that kind. JSON texts are cut at
 * `maxBytes`.
 */
export function createBytesBuilder(kind: "json" | "rejected" | "binary", maxBytes: number): ValuesBuilder {
  return new BytesBuilder(kind, maxBytes);
}

class BytesBuilder implements ValuesBuilder {
  readonly #data = new PlainValues();
  readonly #presence = new Presence();
  readonly #kind: "json" | "rejected" | "binary";
  readonly #maxBytes: number;

  constructor(kind: "json" | "rejected" | "binary", maxBytes: number) {
    this.#kind = kind;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#presence.count;
  }

  get byteLength(): number {
    return this.#data.size + this.#presence.byteLength;
  }

  fill(cells: readonly Cell[], from: number, to: number, row: number): number {
    for (let i = from; i < to; i++) {
      const cell = cells[i];
      if (cell === null || cell === undefined) continue;
      if (typeof cell !== "object" || cell.kind !== this.#kind) return i;
      if (cell.kind === "binary") this.#data.putBytes(cell.value);
      else this.#putJson(cell.value as string);
      this.#presence.addRun(row + i - from, 1);
    }
    return to;
  }

  validity(rows: number): Uint8Array | undefined {
    return this.#presence.validity(rows);
  }

  values(): Values {
    return { kind: "bytes", count: this.count, data: this.#data.view() };
  }

  truncate(rows: number): void {
    this.#presence.truncate(rows);
    this.#data.truncate(this.count);
  }

  clear(): void {
    this.#data.clear();
    this.#presence.clear();
  }

  #putJson(text: string): void {
    // JSON.stringify escapes lone surrogates; only a text that somebody else made can have one.
    const cut = cutJson(text, this.#maxBytes);
    if (!this.#data.putText(cut)) this.#data.putText(toWellFormed(cut));
  }
}
