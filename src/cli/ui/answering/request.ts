import type { Row } from "../../../layout/row.ts";
import { UsageError } from "../../command.ts";
import { type Request, type RequestRecord, type Value, shownText } from "../answers.ts";
import { type Asked, BadFileList, type Source } from "../asked.ts";
import { cellOf, maxShortText, orderedColumns, type TextRoom } from "../cell.ts";
import { bodyCell } from "./readable-body.ts";

/** Rows of a record that are shown. */
const maxRows = 200;
/** Characters of a value, of all values, and of a value that is asked for alone. */
const maxValueText = 64 * 1024;
const maxText = 6 * 1024 * 1024;
const maxWholeText = 16 * 1024 * 1024;

type KnownRecord = Omit<RequestRecord, "columns" | "rows" | "rowCount"> & { readonly values: readonly Row[] };

/** One request, end to end, with what waits on this machine. */
export async function request({ source, query }: Asked): Promise<Request> {
  const id = query.text("id");
  const bad = new BadFileList();
  const { requestTime, records } = await recordsOf(
    source,
    id,
    query.optionalText("everywhere") === "true",
    bad,
  );
  const room: TextRoom = { left: maxText };
  return {
    id: shownText(id),
    requestTime,
    records: records.map((record) => told(record, room)),
    unreadable: bad.told,
  };
}

/** One value of a request, as whole as it can be shown. */
export async function value({ source, query }: Asked): Promise<Value> {
  const id = query.text("id");
  const { records } = await recordsOf(source, id, false, new BadFileList());
  const record = records.find(({ eventId }) => eventId === query.text("event"));
  const row = record?.values[query.count("row", 0, Number.MAX_SAFE_INTEGER)];
  // The page knows names as they are shown.
  const name = Object.keys(row ?? {}).find((column) => shownText(column) === query.text("column"));
  if (row === undefined || name === undefined) throw new UsageError("value: it is no longer there");
  return { cell: cellIn(row, name, maxWholeText, { left: maxWholeText }) };
}

async function recordsOf(
  { data, waitingFrames }: Source,
  id: string,
  everywhere: boolean,
  bad: BadFileList,
): Promise<{ readonly requestTime: number | null; readonly records: readonly KnownRecord[] }> {
  // Before the store, so that what is delivered in between is seen there.
  const waiting = waitingFrames(id);
  const stored = await data.trace(id, { everywhere, onUnreadable: bad.add });
  const known = new Set(stored.records.map(({ eventId }) => eventId));
  const records: KnownRecord[] = [
    ...stored.records.map(({ rows, eventTime, ...record }) => ({
      ...record,
      eventTime: eventTime.getTime(),
      delivered: true,
      values: rows,
    })),
    ...waiting
      .filter(({ eventId }) => !known.has(eventId))
      .map(({ collection, endpoint, deployment, eventId, eventTime, rows }) => ({
        ...{ collection, endpoint, deployment, eventId },
        eventTime: eventTime.getTime(),
        delivered: false,
        values: rows,
      })),
  ];
  const times = [stored.requestTime, ...waiting.map(({ requestTime }) => requestTime)];
  const first = Math.min(...times.flatMap((time) => (time === undefined ? [] : [time.getTime()])));
  return {
    requestTime: Number.isFinite(first) ? first : null,
    records: records.sort((a, b) => a.eventTime - b.eventTime || (a.eventId < b.eventId ? -1 : 1)),
  };
}

function told({ values, ...record }: KnownRecord, room: TextRoom): RequestRecord {
  const shown = values.slice(0, maxRows);
  const columns = orderedColumns(shown.flatMap((row) => Object.keys(row)));
  const max = shown.length > maxLongRows ? maxShortText : maxValueText;
  return {
    ...record,
    rowCount: values.length,
    columns: columns.map(shownText),
    rows: shown.map((row) => columns.map((name) => cellIn(row, name, max, room))),
  };
}

/** Rows of which every value is shown at length. */
const maxLongRows = 4;

/** Bytes of a body are read as what they are. */
function cellIn(row: Row, name: string, max: number, room: TextRoom): RequestRecord["rows"][number][number] {
  const cell = row[name];
  if (name !== "body_bytes" || !(cell instanceof Uint8Array)) return cellOf(cell, max, room);
  return bodyCell(cell, row["content_encoding"], max, room);
}
