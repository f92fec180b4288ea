import type { Encoders, UnpackedBody } from "../../codec/encoder.ts";
import type { FileFormat } from "../../layout/format.ts";
import type { FrozenBody } from "../../spool/sealed-segments.ts";
import type { PutOptions, PutResult, Store } from "../../store/store.ts";
import { bodyPath } from "../../layout/body-path.ts";
import { besidePath, type DataFolder, dataFilePath, toldFilePath } from "../../layout/dataset-path.ts";
import { idRangeName, idRangeText } from "../../layout/filter/id-range.ts";
import type { NamedSegment } from "../../layout/paths/segment-stem.ts";
import { isBody, isTold } from "../segment-label.ts";
import type { DeliveryTask } from "./delivery-task.ts";

export interface SegmentUploadParts {
  readonly store: Store;
  readonly encoders: Encoders;
  /**
   * How a file refers to an object in the same folder, by its path. Default: by the last part of it, relative
   * to the file.
   */
  readonly reference?: (path: string) => string;
}

/** The frozen bytes of a segment's file. */
export interface Frozen {
  readonly body: FrozenBody;
  /** The collection as the folder of its files is spelled. */
  readonly collection: string;
}

/** Sends the bytes of a segment to the store. */
export class SegmentUpload {
  readonly #parts: SegmentUploadParts;

  constructor(parts: SegmentUploadParts) {
    this.#parts = parts;
  }

  /** Puts a segment's file, after all that it refers to. */
  async put(task: DeliveryTask, frozen: Frozen, signal: AbortSignal): Promise<PutResult> {
    const { store, encoders } = this.#parts;
    const { segment, label, counts, ids } = task;
    const { body, collection } = frozen;
    if (isBody(label) || isTold(label)) {
      const metadata = { segment: segment.id, content: body.sha256, rows: "0" };
      // What anybody may have sent is nothing that a browser should open.
      if (isBody(label)) return store.put(bodyPath({ ...label, id: label.body }), body, { metadata, signal });
      const options = { metadata, signal, contentType: "application/x-ndjson" };
      const result = await store.put(toldFilePath(label.format, label, segment), body, options);
      // A process adds its own reports up in other words than those that it found of a dead one: what is
      // there under this name was stored by that one, of the same reports.
      return result.status === "conflict" ? { status: "exists" } : result;
    }
    const format = label.format as FileFormat;
    const folder = { ...label, format, collection };
    const { contentType } = encoders[format];
    const { file, beside } = await this.#unpack(folder, segment, body);
    // The frozen bytes are one, and so is their hash: with its place among them each object is told from any
    // other.
    const facts = (content: string, more: Readonly<Record<string, string>> = {}): PutOptions => ({
      metadata: { segment: segment.id, content, rows: String(counts.rows), ...more },
      signal,
    });
    for (const [number, object] of beside.entries()) {
      const path = besidePath(folder, segment, number);
      const options = { ...facts(`${body.sha256}-${number}`), contentType: "application/json" };
      const result = await store.put(path, object, options);
      if (result.status !== "stored" && result.status !== "exists") return result;
    }
    // A listing gives it to whoever looks for an id, so that other files need not be asked.
    const range = ids === undefined ? undefined : idRangeText(ids);
    const options = facts(body.sha256, range === undefined ? {} : { [idRangeName]: range });
    const path = dataFilePath(folder, segment);
    const result = await store.put(path, file, { ...options, contentType });
    task.file = { path, size: file instanceof Uint8Array ? file.length : file.size };
    return result;
  }

  async #unpack(folder: DataFolder, segment: NamedSegment, body: FrozenBody): Promise<UnpackedBody> {
    const { encoders, reference = lastPart } = this.#parts;
    const encoder = encoders[folder.format];
    if (encoder.unpack === undefined) return { file: body, beside: [] };
    return encoder.unpack(body, (number) => reference(besidePath(folder, segment, number)));
  }
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
