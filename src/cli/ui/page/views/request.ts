import type { Cell, Request, RequestRecord } from "../../answers.ts";
import { ask } from "../ask.ts";
import { cellTable, longCell, type WholeOf } from "../cells.ts";
import { announce, awaited, bdi, type Child, h, scrollable, svg } from "../dom.ts";
import { afterText, amountText, countText, placeText, timeText } from "../format.ts";
import { badFilesNotice, linkTo, type View } from "../parts.ts";
import { isMessage, messageCard } from "./message.ts";

/** Rows that are shown on their side: a column a line. */
const maxTurned = 4;

/** One request: when what came, and what it was, inputs beside outputs. */
export function requestView(params: URLSearchParams, signal: AbortSignal): View {
  const id = params.get("id") ?? "";
  const everywhere = params.get("everywhere") ?? undefined;
  const content = awaited(
    "Searching",
    () => ask("request", { id, everywhere }, { signal }),
    (request) => shown(request, id, everywhere !== undefined),
  );
  return { title: "Request", content: [idLine(id), content] };
}

function idLine(id: string): HTMLElement {
  const button = h(
    "button",
    {
      type: "button",
      class: "small",
      click: () => {
        navigator.clipboard.writeText(id).then(
          () => announce("The id was copied"),
          () => announce("The browser does not let it be copied"),
        );
      },
    },
    "Copy the id",
  );
  return h("p", { class: "id" }, bdi(id, "mono"), button);
}

function shown({ records, requestTime, unreadable }: Request, id: string, everywhere: boolean): Child[] {
  if (records.length === 0) {
    announce("Nothing was found");
    return [
      badFilesNotice(unreadable),
      h("p", { class: "notice" }, "Nothing is stored with this id, and nothing waits on this machine."),
      h("p", {}, h("a", { href: linkTo("find", { text: id }) }, "Look for it as a text, in all rows")),
    ];
  }
  announce(`${amountText(records.length, "record")} found`);
  const sides = sidesOf(records);
  const card = (record: RequestRecord): HTMLElement => recordCard(record, id, requestTime);
  const column = (title: string, list: readonly RequestRecord[]): HTMLElement | false =>
    list.length > 0 &&
    h("section", { class: "side", "aria-label": title }, h("h2", {}, title), ...list.map(card));
  return [
    badFilesNotice(unreadable),
    h(
      "p",
      { class: "facts" },
      requestTime !== null && h("span", {}, `requested ${timeText(requestTime)}`),
      h("span", {}, amountText(records.length, "record")),
    ),
    timeline(records, requestTime),
    h(
      "div",
      { class: sides.left.length > 0 && sides.right.length > 0 ? "sides" : "" },
      column("In", sides.left),
      column("Out", sides.right),
    ),
    column("Beside", sides.others),
    !everywhere &&
      h(
        "p",
        { class: "note" },
        h("a", { href: linkTo("request", { id, everywhere: "true" }) }, "Look into all files"),
        ", not only where the id's own time says",
      ),
  ];
}

/** Inputs and outputs, by what collections are called; all others by themselves. */
function sidesOf(records: readonly RequestRecord[]): Record<"left" | "right" | "others", RequestRecord[]> {
  const sides: Record<"left" | "right" | "others", RequestRecord[]> = { left: [], right: [], others: [] };
  for (const record of records) {
    const name = record.collection.toLowerCase();
    if (/(^|[_.-])(outputs?|responses?|predictions?|scores?|results?|labels?)($|[_.-])/.test(name))
      sides.right.push(record);
    else if (/(^|[_.-])(inputs?|requests?|features?|raw)($|[_.-])/.test(name)) sides.left.push(record);
    else sides.others.push(record);
  }
  return sides;
}

function timeline(records: readonly RequestRecord[], requestTime: number | null): HTMLElement {
  const start = requestTime ?? records[0]?.eventTime ?? 0;
  const span = Math.max(1, ...records.map(({ eventTime }) => eventTime - start));
  const rows = records.map((record) => {
    const at = (Math.max(0, record.eventTime - start) / span) * 980 + 10;
    return h(
      "li",
      {},
      h("span", { class: "number" }, afterText(record.eventTime - start)),
      svg(
        "svg",
        { viewBox: "0 0 1000 12", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("line", { class: "base", x1: 0, x2: 1000, y1: 6, y2: 6 }),
        svg("line", { class: "done", x1: 0, x2: at, y1: 6, y2: 6 }),
        svg("line", { class: "mark", x1: at, x2: at, y1: 1, y2: 11 }),
      ),
      h(
        "a",
        {
          href: `#${anchorOf(record)}`,
          click: (event) => {
            event.preventDefault();
            document.getElementById(anchorOf(record))?.focus();
          },
        },
        bdi(record.collection),
      ),
      h(
        "span",
        { class: "soft" },
        amountText(record.rowCount, "row"),
        !record.delivered && h("span", { class: "badge waiting" }, "not yet delivered"),
      ),
    );
  });
  return h(
    "section",
    { "aria-labelledby": "timeline" },
    h("h2", { id: "timeline" }, "Timeline"),
    h("ol", { class: "timeline" }, ...rows),
  );
}

function anchorOf({ collection, eventId }: RequestRecord): string {
  return `record-${collection}-${eventId}`;
}

function recordCard(record: RequestRecord, id: string, requestTime: number | null): HTMLElement {
  const { collection, eventTime, rowCount, rows, delivered } = record;
  const after = requestTime === null ? "" : ` · ${afterText(eventTime - requestTime)}`;
  const part =
    rowCount > rows.length
      ? ` · the first ${countText(rows.length)} of ${amountText(rowCount, "row")}`
      : ` · ${amountText(rowCount, "row")}`;
  const whole = (row: number, column: string) => async (): Promise<Cell> => {
    const asked = { id, event: record.eventId, row, column };
    return (await ask("value", asked, { signal: new AbortController().signal })).cell;
  };
  const content = isMessage(record)
    ? messageCard(record, whole)
    : rows.length <= maxTurned
      ? turned(record, whole)
      : scrollable(`Rows of ${collection}`, cellTable(record), "tall rows");
  return h(
    "article",
    { class: "card record", id: anchorOf(record), tabindex: -1, "aria-label": collection },
    h(
      "h3",
      {},
      bdi(collection),
      h("span", { class: "soft" }, bdi(placeText(record)), after, part),
      !delivered && h("span", { class: "badge waiting" }, "not yet delivered"),
    ),
    content,
  );
}

/** A column a line, so that a wide frame can be read. */
function turned({ columns, rows }: RequestRecord, whole: WholeOf): HTMLElement {
  const many = rows.length > 1;
  return h(
    "div",
    { class: "scroll", role: "group", "aria-label": "Values", tabindex: 0 },
    h(
      "table",
      { class: "turned" },
      many &&
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Column"),
            ...rows.map((_, i) => h("th", { scope: "col" }, `row ${i}`)),
          ),
        ),
      h(
        "tbody",
        {},
        ...columns.map((name, i) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, bdi(name)),
            ...rows.map((row, at) => {
              const cell = row[i] ?? { kind: "none", text: "" };
              return h(
                "td",
                { class: cell.kind === "number" ? "number" : undefined },
                longCell(cell, whole(at, name)),
              );
            }),
          ),
        ),
      ),
    ),
  );
}
