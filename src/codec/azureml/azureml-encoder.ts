import { ownJson } from "../../base/own-json.ts";
import type { Batch, BatchColumn } from "../../frame/batch.ts";
import { Conforming } from "../../frame/conform/conform.ts";
import { JsonBytes } from "../../frame/conform/json-bytes.ts";
import type { EncodeOptions, Encoder } from "../encoder.ts";
import { FrameCursor } from "../jsonl/frame-cursor.ts";
import { JsonColumn, rowsJson } from "../jsonl/json-cells.ts";
import { RejectedCells } from "../jsonl/rejected-cells.ts";
import { RejectedReport } from "../rejected-report.ts";
import { frameHeaders } from "./frame-headers.ts";
import { type FrameHead, framesIndex, openFrames } from "./posted-frames.ts";

/**
 * An encoder of what Azure Machine Learning's local agent takes: for each frame the headers and the body of
 * one POST, as the Python package `azureml-ai-monitoring` 0.1.0 sends it, which is pandas'
 * `DataFrame.to_json(orient="records")`.
 *
 * Nothing is stored, so nothing is pinned: a value is written in the type that it came in, and in its
 * column's only where that was declared. A value that does not fit that one is null, and stands in
 * `ce-mdcrejected`.
 */
export function createAzureMlEncoder(): Encoder {
  return {
    contentType: "application/octet-stream",
    async *encode(batches, options) {
      yield* new PostWriter(options).all(batches());
    },
    frames: openFrames,
  };
}

/** Cells that did not fit go into a header if they take no more bytes than this. */
const maxRejectedBytes = 2 * 1024;
/** Up to so many columns of a batch, every row says all of them; else a frame says those it has values of. */
const maxKeys = 256;
/** What is gathered before it is handed on. */
const pieceBytes = 256 * 1024;

const nothing = new Uint8Array(0);

class PostWriter {
  readonly #options: EncodeOptions;
  readonly #out = new JsonBytes();
  readonly #aside = new JsonBytes();
  readonly #rejected = new RejectedReport();
  /** Of each column of doubles whose type nobody declared: whether all its numbers were whole. */
  readonly #whole = new Map<string, boolean>();
  /** Where each frame's head and body end. */
  readonly #ends: number[] = [];
  /** What was handed on before `#out`. */
  #position = 0;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  *all(batches: Iterable<Batch>): Generator<Uint8Array, void, undefined> {
    for (const batch of batches) yield* this.#batch(batch);
    const index = framesIndex(this.#ends);
    this.#out.raw(index, 0, index.length);
    yield* this.#flush();
    const { onRejected, onWholeNumbers } = this.#options;
    const report = this.#rejected.columns();
    if (report.length > 0) onRejected?.(report);
    const whole = [...this.#whole].flatMap(([name, all]) => (all ? [name] : []));
    if (whole.length > 0) onWholeNumbers?.(whole);
  }

  *#batch(batch: Batch): Generator<Uint8Array, void, undefined> {
    const { declared, untyped, frames, collection, constants } = batch.header;
    const isDeclared = (name: string): boolean => Object.hasOwn(declared, name);
    const declaredOnly = { ...batch, columns: batch.columns.filter(({ name }) => isDeclared(name)) };
    const conforming = new Conforming(declaredOnly, this.#options.schema);
    while (!conforming.advance()) yield nothing;
    const conformed = conforming.result();
    this.#rejected.add(conformed.report);
    const variants = new Map<string, BatchColumn[]>();
    for (const { name } of batch.columns) variants.set(name, []);
    for (const name of untyped) variants.set(name, variants.get(name) ?? []);
    for (const column of conformed.columns) variants.get(column.name)?.push(column);
    for (const column of batch.columns) if (!isDeclared(column.name)) variants.get(column.name)?.push(column);
    const columns = Array.from(variants, ([name, found]) => new JsonColumn(name, found));
    const rejected = conformed.rejected === undefined ? undefined : new RejectedCells(conformed.rejected);
    const cursor = new FrameCursor(batch);
    for (let frame = 0; frame < frames; frame++) {
      const rows = batch.frames.rows[frame]!;
      const misfits = rejected === undefined ? undefined : yield* this.#misfits(rejected, rows);
      const headers = frameHeaders(collection, constants, cursor.next(), misfits);
      this.#out.text(ownJson({ headers, rows } satisfies FrameHead));
      this.#endPart();
      const said = columns.length > maxKeys ? columns.filter((column) => !column.passNulls(rows)) : columns;
      for (const _ of rowsJson(said, rows, this.#out)) yield* this.#handOn();
      this.#endPart();
      yield* this.#handOn();
    }
    for (const { name, whole } of columns) {
      if (whole === undefined || isDeclared(name)) continue;
      this.#whole.set(name, whole && this.#whole.get(name) !== false);
    }
  }

  /** The cells of the next rows that did not fit, as JSON; undefined if all did. */
  *#misfits(rejected: RejectedCells, rows: number): Generator<Uint8Array, string | undefined, undefined> {
    if (rejected.take(rows) === undefined) return undefined;
    const out = this.#aside;
    out.clear(maxRejectedBytes);
    let tooMany = false;
    for (const _ of rejected.json(rows, out, false)) {
      tooMany ||= out.length > maxRejectedBytes;
      if (tooMany) out.clear(maxRejectedBytes);
      yield nothing;
    }
    return tooMany || out.length > maxRejectedBytes
      ? "too large"
      : Buffer.from(out.written()).toString("utf8");
  }

  #endPart(): void {
    this.#ends.push(this.#position + this.#out.length);
  }

  *#handOn(): Generator<Uint8Array, void, undefined> {
    if (this.#out.length >= pieceBytes) yield* this.#flush();
    else yield nothing;
  }

  *#flush(): Generator<Uint8Array, void, undefined> {
    const out = this.#out;
    if (out.length > 0) yield out.written();
    this.#position += out.length;
    out.clear(4 * pieceBytes);
  }
}
