import { isDeepStrictEqual } from "node:util";
import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import {
  isLabelKeyId,
  type KeyValue,
  labelCollection,
  labelKeyId,
  labelKeyOf,
} from "../../layout/ground-truth/label-key.ts";
import { wrongKind } from "../../base/errors.ts";
import type { Row } from "../../layout/row.ts";
import type { Catalog } from "../catalog.ts";
import { createTable, type TableOptions } from "../table.ts";
import type { UnreadableFile } from "../unreadable.ts";

/** Options of `Dataset.labels`. */
export interface LabelsOptions {
  /**
   * Called with each file whose bytes are bad. Default: a `CollectorError` with code `CORRUPT` after all that
   * the others hold was read.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/** What was said of one request, or business key, at one time. */
export interface LabelVersion {
  /** When the truth was known. */
  readonly at: Date;
  /** In the order of the labelled frame; features only, a key's columns included. */
  readonly rows: readonly Row[];
}

/** The ground truth of one request, or of the rows with one business key. */
export interface Label extends LabelVersion {
  /** The correlation id of the request; of a business key an id that is made of it. */
  readonly id: string;
  readonly endpoint: string | null;
  readonly deployment: string | null;
  /** The columns of the business key; empty of a label by correlation id. */
  readonly key: readonly string[];
  /** All versions, the oldest first; its own is the last. One that says what the one before said is none. */
  readonly versions: readonly LabelVersion[];
}

const { correlationId, eventId, eventTime, rowIndex, requestTime, endpoint, deployment, tags } =
  systemColumns;

/** Every label there is, by when it was first given; in memory. */
export async function readLabels(catalog: Catalog, options: LabelsOptions = {}): Promise<Label[]> {
  if (!(await hasLabels(catalog))) return [];
  const subjects = new Map<string, Map<string, Event>>();
  for await (const row of createTable(catalog, labelCollection, tableOptions(options)).rows()) {
    const id = String(row[correlationId.name]);
    const subject = `${String(row[endpoint.name])}/${String(row[deployment.name])}/${id}`;
    let events = subjects.get(subject);
    if (events === undefined) subjects.set(subject, (events = new Map()));
    const name = String(row[eventId.name]);
    const at = row[eventTime.name] as Date;
    const known = events.get(name);
    // The same version may be stored more than once; the first one counts.
    if (known !== undefined && known.at <= at) {
      if (known.at.getTime() === at.getTime()) known.rows.set(Number(row[rowIndex.name]), row);
      continue;
    }
    events.set(name, { name, at, rows: new Map([[Number(row[rowIndex.name]), row]]) });
  }
  const labels = Array.from(subjects.values(), (events) => labelOf([...events.values()]));
  return labels.sort((a, b) => (a.versions[0]?.at.getTime() ?? 0) - (b.versions[0]?.at.getTime() ?? 0));
}

interface Event {
  readonly name: string;
  readonly at: Date;
  /** By index. */
  readonly rows: Map<number, Row>;
}

function tableOptions({ onUnreadable }: LabelsOptions): TableOptions {
  return onUnreadable === undefined ? {} : { onUnreadable };
}

async function hasLabels(catalog: Catalog): Promise<boolean> {
  for await (const _ of catalog.files({ collection: labelCollection })) return true;
  return false;
}

function labelOf(events: Event[]): Label {
  events.sort((a, b) => a.at.getTime() - b.at.getTime() || (a.name < b.name ? -1 : 1));
  const versions: LabelVersion[] = [];
  for (const { at, rows } of events) {
    const ordered = [...rows].sort(([a], [b]) => a - b).map(([, row]) => featuresOf(row));
    if (!isDeepStrictEqual(versions.at(-1)?.rows.map(withoutNulls), ordered.map(withoutNulls)))
      versions.push({ at, rows: ordered });
  }
  const row = [...(events[0] as Event).rows.values()][0] as Row;
  const text = (name: string): string | null => (typeof row[name] === "string" ? row[name] : null);
  return {
    ...(versions.at(-1) as LabelVersion),
    id: String(row[correlationId.name]),
    endpoint: text(endpoint.name),
    deployment: text(deployment.name),
    key: labelKeyOf(row[tags.name]),
    versions,
  };
}

/** Files differ in which columns they have. */
function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function featuresOf(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !isSystemColumn(name)));
}

/** Options of `Dataset.labelAges`. */
export interface LabelAgesOptions {
  /** The collection whose requests are to be labelled: `model_inputs`. */
  readonly of: string;
  /** Only requests from this time on: a Date, milliseconds since 1970 UTC, or an ISO 8601 text. */
  readonly from?: Date | number | string;
  /** Only requests before this time. */
  readonly to?: Date | number | string;
}

/** How much of the ground truth has come so long after its request. */
export interface LabelAge {
  /** Milliseconds after the request; infinite for whatever time. */
  readonly withinMs: number;
  readonly labelled: number;
  /** Of all requests, 0 to 1; 0 when there is none. */
  readonly share: number;
}

const hour = 3_600_000;
const steps = [hour, 6 * hour, 24 * hour, 72 * hour, 168 * hour, 336 * hour, 720 * hour, Infinity];

/** The label-age curve: of the requests of a collection, which share was first labelled within which time. */
export async function labelAges(
  catalog: Catalog,
  { of, from, to }: LabelAgesOptions,
): Promise<{ readonly requests: number; readonly curve: readonly LabelAge[] }> {
  if (typeof of !== "string") throw wrongKind("labelAges: of", "the name of a collection", of);
  const labels = await readLabels(catalog);
  const given = new Map(labels.map((label) => [label.id, (label.versions[0] as LabelVersion).at.getTime()]));
  const keys = new Map(labels.filter(({ id }) => isLabelKeyId(id)).map(({ key }) => [key.join("\n"), key]));
  const columns = new Set([correlationId.name, requestTime.name, ...[...keys.values()].flat()]);
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const requests = new Map<string, number>();
  for await (const row of createTable(catalog, of, { ...range, columns: [...columns] }).rows()) {
    const id = String(row[correlationId.name]);
    const at = [given.get(id), ...Array.from(keys.values(), (key) => given.get(keyIdOf(row, key)))];
    const first = at.reduce<number>((min, one) => Math.min(min, one ?? Infinity), Infinity);
    const age = Math.max(0, first - (row[requestTime.name] as Date).getTime());
    requests.set(id, Math.min(requests.get(id) ?? Infinity, age));
  }
  const ages = [...requests.values()].filter((age) => Number.isFinite(age));
  const curve = steps.map((withinMs) => {
    const labelled = ages.filter((age) => age <= withinMs).length;
    return { withinMs, labelled, share: requests.size === 0 ? 0 : labelled / requests.size };
  });
  return { requests: requests.size, curve };
}

function keyIdOf(row: Row, key: readonly string[]): string {
  return labelKeyId(key.map((name) => [name, row[name] as KeyValue]));
}
