import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import { type KeyValue, labelKeyId, labelKeyOf } from "../../layout/ground-truth/label-key.ts";
import type { Row } from "../../layout/row.ts";
import type { Filter } from "../../layout/filter/filter.ts";
import type { DataFile } from "../data-file.ts";
import { scanFile } from "../scan-file.ts";
import { type Tally, verdict } from "./join-account.ts";
import type { StoreReading } from "./key-rows.ts";
import type { MatchRules } from "./match-request.ts";

const { correlationId, rowIndex, eventId, eventTime, requestTime, tags } = systemColumns;
const needed: ReadonlySet<string> = new Set(
  [correlationId, rowIndex, eventId, eventTime, requestTime, tags].map(({ name }) => name),
);

/** A row of a label by business key. Times are microseconds since 1970 UTC. */
export interface KeyLabel {
  readonly eventTime: number;
  readonly event: string;
  readonly index: number;
  readonly requestTime: number;
  readonly row: Row;
  found: number;
}

/** The labels of one deployment by business key, in memory. */
export class KeyLabels {
  /** The columns of the keys that there are. */
  readonly keys: readonly (readonly string[])[];
  readonly #byId: ReadonlyMap<string, readonly KeyLabel[]>;
  readonly #copies: readonly KeyLabel[];

  /** No label. */
  static readonly none: KeyLabels = new KeyLabels([], new Map(), []);

  private constructor(
    keys: readonly (readonly string[])[],
    byId: ReadonlyMap<string, readonly KeyLabel[]>,
    copies: readonly KeyLabel[],
  ) {
    this.keys = keys;
    this.#byId = byId;
    this.#copies = copies;
  }

  /** Reads those of some files; without what their frames say, only when they said it. */
  static async read(
    files: readonly DataFile[],
    reading: StoreReading,
    withRows: boolean,
  ): Promise<KeyLabels> {
    const keys = new Map<string, readonly string[]>();
    const byId = new Map<string, Map<string, KeyLabel>>();
    const copies: KeyLabel[] = [];
    const columns = (name: string): boolean => needed.has(name) || (withRows && !isSystemColumn(name));
    for (const file of files) {
      try {
        for await (const batch of scanFile(reading.store, file, {
          pins: reading.pins,
          columns,
          filter: ofKeys,
        }))
          for (const row of batch.rows()) {
            const names = labelKeyOf(row[tags.name]);
            keys.set(names.join("\n"), names);
            const labels = byId.get(String(row[correlationId.name])) ?? new Map<string, KeyLabel>();
            byId.set(String(row[correlationId.name]), labels);
            keep(labels, labelOf(row), copies);
          }
      } catch (thrown) {
        reading.bad.add(file.path, thrown);
      }
    }
    const ordered = Array.from(byId, ([id, labels]) => [id, [...labels.values()].sort(byTime)] as const);
    return new KeyLabels([...keys.values()], new Map(ordered), copies);
  }

  /**
   * The labels of a row of inputs: of each key the last one that came in time, the oldest first. They are
   * told what became of them if the row's request is in the range.
   *
   * @param since from when on they were awaited.
   */
  of(
    value: (column: string) => unknown,
    { requestTime: time, since }: { readonly requestTime: number; readonly since: number },
    { lateness, isInRange }: MatchRules,
  ): KeyLabel[] {
    const isHere = isInRange(time);
    return this.keys
      .flatMap((key) => {
        const labels = this.#byId.get(labelKeyId(key.map((name) => [name, value(name) as KeyValue]))) ?? [];
        const last = labels.findLast((label) => label.eventTime - since <= lateness);
        if (isHere)
          for (const label of labels) {
            const isLate = label.eventTime - since > lateness;
            tell(label, label === last ? verdict.matched : isLate ? verdict.late : verdict.superseded);
          }
        return last === undefined ? [] : [last];
      })
      .sort(byTime);
  }

  /** Counts them, when all rows of inputs were asked for. */
  count(tally: Tally, side: number, { isInRange }: MatchRules): void {
    const all = [...this.#byId.values()].flat();
    for (const { found, requestTime: time } of all)
      tally.add(side, time, found === verdict.outside && isInRange(time) ? verdict.only : found, 1);
    for (const { requestTime: time } of this.#copies)
      tally.add(side, time, isInRange(time) ? verdict.duplicate : verdict.outside, 1);
  }
}

const idPrefix = "key:";

/** Of all ids only those that are made of keys; a semicolon is what comes after a colon. */
const ofKeys: Filter = {
  kind: "all",
  of: [
    { kind: "column", column: correlationId.name, test: { kind: "range", from: idPrefix, open: false } },
    { kind: "column", column: correlationId.name, test: { kind: "range", to: "key;", open: true } },
  ],
};

function labelOf(row: Row): KeyLabel {
  const time = (name: string): number => (row[name] instanceof Date ? row[name].getTime() * 1_000 : 0);
  return {
    eventTime: time(eventTime.name),
    event: String(row[eventId.name]),
    index: Number(row[rowIndex.name]),
    requestTime: time(requestTime.name),
    row: Object.fromEntries(Object.entries(row).filter(([name]) => !isSystemColumn(name))),
    found: verdict.outside,
  };
}

/** The same version may be stored more than once; the first one counts. */
function keep(labels: Map<string, KeyLabel>, label: KeyLabel, copies: KeyLabel[]): void {
  const name = `${label.index} ${label.event}`;
  const known = labels.get(name);
  const isFirst = known === undefined || known.eventTime > label.eventTime;
  if (isFirst) labels.set(name, label);
  if (known !== undefined) copies.push(isFirst ? known : label);
}

function byTime(a: KeyLabel, b: KeyLabel): number {
  return a.eventTime - b.eventTime || (a.event === b.event ? a.index - b.index : a.event < b.event ? -1 : 1);
}

/** The best of what it is to any row. */
function tell(label: KeyLabel, found: number): void {
  const order = [verdict.outside, verdict.late, verdict.superseded, verdict.matched] as readonly number[];
  if (order.indexOf(found) > order.indexOf(label.found)) label.found = found;
}
