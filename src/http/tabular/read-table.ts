import { isUtf8 } from "node:buffer";
import { isArray, isObject, type JsonValue, readJson } from "./json-reader.ts";
import { jsonTable, type TableHints } from "./json-tables.ts";
import { NoTable, type NoTableReason, type TableColumn } from "./table.ts";
import { isTensorList, tensorColumns } from "./tensors.ts";

/** A whole body, decoded. */
export interface TableBody {
  readonly bytes: Buffer;
  /**
   * The header `Inference-Header-Content-Length`: how many of the bytes are JSON, and tensors the rest
   * (Triton, `extension_binary_data.md`).
   */
  readonly inferenceHeader: string | undefined;
}

/** What a body gives. */
export type Table = { readonly columns: readonly TableColumn[] } | { readonly reason: NoTableReason };

/** Longest body that is read, bytes: it takes its time from the server's own. */
export const maxTableBytes: number = 4 << 20;

/**
 * The columns of a model's body, whichever protocol it speaks; or why it has none. A body that could be read
 * in two ways is not read. Throws nothing.
 */
export function readTable({ bytes, inferenceHeader }: TableBody, hints: TableHints): Table {
  try {
    if (bytes.length > maxTableBytes) throw new NoTable("too_large");
    const columns =
      inferenceHeader === undefined
        ? jsonTable(readJson(textOf(bytes)), hints)
        : binaryTable(bytes, inferenceHeader, hints);
    return { columns: withGoodNames(columns) };
  } catch (thrown) {
    if (thrown instanceof NoTable) return { reason: thrown.reason };
    throw thrown;
  }
}

/** Tensors as JSON and, behind it, as bytes: in the order of the JSON, one after the other. */
function binaryTable(bytes: Buffer, inferenceHeader: string, { side, names }: TableHints): TableColumn[] {
  const size = /^\s*\d{1,15}\s*$/.test(inferenceHeader) ? Number(inferenceHeader) : -1;
  // Of a raw tensor, where there is no JSON, name and type are in the model alone.
  if (size === 0) throw new NoTable("unknown");
  if (size < 0 || size > bytes.length) throw new NoTable("shape");
  const head: JsonValue = readJson(textOf(bytes.subarray(0, size)));
  const tensors = isObject(head) ? head.get(side) : undefined;
  if (!isArray(tensors) || !isTensorList(tensors)) throw new NoTable("unknown");
  let at = size;
  const columns = tensorColumns(tensors, names, (count) => {
    if (at + count > bytes.length) throw new NoTable("shape");
    at += count;
    return bytes.subarray(at - count, at);
  });
  if (at !== bytes.length) throw new NoTable("shape");
  return columns;
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new NoTable("encoded");
  return bytes.toString("utf8");
}

/** Models name their tensors `input.1`; a column's name has no dot, which engines take for nesting. */
function withGoodNames(columns: readonly TableColumn[]): readonly TableColumn[] {
  const named = columns.map(({ name, values }) => ({ name: name.replaceAll(".", "_"), values }));
  if (new Set(named.map(({ name }) => name)).size < named.length) throw new NoTable("ambiguous");
  return named;
}
