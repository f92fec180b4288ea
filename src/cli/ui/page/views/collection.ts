import type {
  BadFiles,
  ColumnShape,
  Columns,
  Found,
  Overview,
  Place,
  Profile,
  Volume,
  VolumeSeries,
} from "../../answers.ts";
import { ask, type Params } from "../ask.ts";
import { columnFacts, type RowsOf, shapeChart, volumeChart } from "../charts.ts";
import { announce, awaited, bdi, type Child, h, scrollable } from "../dom.ts";
import { amountText, binText, bytesText, countText, placeText, shareText, spanText } from "../format.ts";
import {
  badFilesNotice,
  hasPlace,
  isSamePlace,
  linkTo,
  placeOf,
  placeParams,
  type Range,
  rangeOf,
  rangePicker,
  rowsBetween,
  sumsText,
  verdictBadge,
  type View,
} from "../parts.ts";
import { foundTable } from "./find.ts";

/** Rows that are shown of a collection. */
const maxRows = 200;

/** One collection: its volume, what is in its columns, and its latest rows. */
export function collectionView(params: URLSearchParams, signal: AbortSignal): View {
  const place = placeOf(params);
  const content = awaited(
    "Listing what is stored",
    () => ask("overview", {}, { signal, isEnough: (overview) => hasPlace(overview, place) }),
    (overview) => shown(overview, place, params, signal),
  );
  const home = h(
    "p",
    { class: "path" },
    h("a", { href: linkTo("") }, "Collections"),
    " / ",
    bdi(placeText(place)),
  );
  return { title: place.collection, content: [home, content] };
}

function shown(
  { collections }: Overview,
  place: Place,
  params: URLSearchParams,
  signal: AbortSignal,
): Child[] {
  const own = collections.filter((one) => isSamePlace(one, place));
  const range = rangeOf(own, params.get("range"));
  if (range === undefined) return [h("p", { class: "alert", role: "alert" }, "There is no such collection.")];
  const asked = { ...placeParams(place), from: range.from, to: range.to };
  const columns = ask("columns", asked, { signal });
  const link = (name: string): string => linkTo("collection", { ...placeParams(place), range: name });
  return [
    h(
      "div",
      { class: "head" },
      awaited("Reading footers", () => columns, columnsFacts),
      h("div", { class: "tools" }, rangePicker(range, link)),
    ),
    section(
      "Volume",
      awaited(
        "Reading the ledger",
        () => ask("volume", { from: range.from, to: range.to }, { signal }),
        (volume) => volumePart(volume, place, range),
      ),
    ),
    section(
      "Columns",
      awaited(
        "Reading values",
        async (tell) => ({
          profile: await ask("profile", asked, {
            signal,
            onProgress: ({ rows, files, ofFiles }) =>
              tell(`${amountText(rows, "row")}, ${countText(files)} of ${amountText(ofFiles, "file")}`),
          }),
          all: await columns,
        }),
        ({ profile, all }) => profilePart(profile, all, place, range),
      ),
    ),
    section(
      "Latest rows",
      awaited(
        "Reading rows",
        async () => ({
          found: await ask("found", { ...asked, limit: maxRows }, { signal }),
          columns: await columns,
        }),
        ({ found, columns }) => rowsPart(found, columns, place),
      ),
    ),
  ];
}

function section(title: string, content: HTMLElement): HTMLElement {
  const id = title.toLowerCase().replaceAll(" ", "-");
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), content);
}

function columnsFacts({ rows, files, bytes, columns, unreadable }: Columns): Child[] {
  const features = columns.filter(({ isSystem }) => !isSystem).length;
  return [
    h(
      "p",
      { class: "facts" },
      rows !== null && h("span", {}, amountText(rows, "row")),
      h("span", {}, amountText(features, "column")),
      h("span", {}, amountText(files, "file")),
      h("span", {}, bytesText(bytes)),
    ),
    badFilesNotice(unreadable),
  ];
}

function volumePart(volume: Volume, place: Place, range: Range): Child[] {
  const series = volume.series.find((one) => isSamePlace(one, place));
  if (series === undefined) return [h("p", { class: "soft" }, "Nothing in this time.")];
  const label = `${amountText(series.rows, "row")} by the ${spanText(volume.binMs)}, ${range.text}; the table below has the numbers`;
  const most = series.bins.reduce((max, { rows }) => Math.max(max, rows), 0);
  return [
    h("p", { class: "facts" }, verdictBadge(series.verdict), h("span", {}, sumsText(series))),
    h("p", { class: "note" }, `rows per ${spanText(volume.binMs)}, at most ${countText(most)}`),
    volumeChart(volume, series.bins, {
      ...{ label, height: 120 },
      rowsOf: ({ start }) => rowsBetween(place, start, start + volume.binMs),
    }),
    h(
      "div",
      { class: "ends" },
      h("span", {}, binText(volume.from, volume.binMs)),
      h("span", {}, binText(volume.to, volume.binMs)),
    ),
    h("details", {}, h("summary", {}, "As a table"), volumeTable(series, volume.binMs)),
  ];
}

function volumeTable(series: VolumeSeries, binMs: number): HTMLElement {
  const { bins } = series;
  const titles = ["Rows", "Frames offered", "Stored", "Left out", "Dropped", "On their way", "Unaccounted"];
  const number = (count: number): HTMLElement => h("td", { class: "number" }, countText(count));
  return scrollable(
    "Volume",
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "From"),
          ...titles.map((title) => h("th", { scope: "col", class: "number" }, title)),
          h("th", { scope: "col" }, "Verdict"),
        ),
      ),
      h(
        "tbody",
        {},
        ...bins.map((bin) =>
          h(
            "tr",
            {},
            h(
              "th",
              { scope: "row", class: "mono" },
              h("a", { href: rowsBetween(series, bin.start, bin.start + binMs) }, binText(bin.start, binMs)),
            ),
            ...[
              bin.rows,
              bin.offered,
              bin.stored,
              bin.leftOut,
              bin.dropped,
              bin.pending,
              bin.unaccounted,
            ].map(number),
            h("td", { class: "why" }, verdictBadge(bin.verdict), " ", bin.reasons.join("; ")),
          ),
        ),
      ),
    ),
    "tall",
  );
}

function profilePart(profile: Profile, all: Columns, place: Place, range: Range): Child[] {
  const { columns, rows, isPart, unreadable } = profile;
  const link = (name: string): string =>
    linkTo("column", { ...placeParams(place), column: name, range: range.name } as Params);
  const of = all.rows === null ? "" : ` of ${countText(all.rows)}`;
  const part = isPart
    ? `Of the newest ${countText(rows)}${of} rows. A column's own page has more.`
    : `Of all ${amountText(rows, "row")}.`;
  return [
    moreBadFiles(unreadable, all),
    h("p", { class: "note" }, part),
    h(
      "ul",
      { class: "cards" },
      ...columns.map((column) =>
        columnCard(column, rows, link(column.name), (where) =>
          rowsBetween(place, range.from, range.to, where),
        ),
      ),
    ),
  ];
}

/** Bad files, if there are others than those whose footers are bad, which the head has. */
function moreBadFiles(found: BadFiles, { unreadable }: Columns): Child {
  return found.count > unreadable.count && badFilesNotice(found);
}

function columnCard(column: ColumnShape, rows: number, link: string, rowsOf: RowsOf): HTMLElement {
  return h(
    "li",
    { class: "card" },
    h("h3", {}, h("a", { href: link }, bdi(column.name)), h("span", { class: "soft" }, column.type)),
    shapeChart(column, 56, rowsOf),
    h(
      "p",
      { class: "note" },
      columnFacts(column).join(" · "),
      column.nulls > 0 && h("span", {}, ` · ${shareText(column.nulls, rows)} without a value`),
    ),
  );
}

function rowsPart(found: Found, columns: Columns, place: Place): Child[] {
  const [group] = found.groups;
  if (group === undefined) return [h("p", { class: "soft" }, "No rows in this time.")];
  const shown = group.rows.length;
  const of = columns.rows === null ? "" : ` of ${countText(columns.rows)}`;
  const note = found.isMore
    ? `The latest ${countText(shown)} rows${of}, by partition.`
    : `All ${amountText(shown, "row")}.`;
  announce(`${place.collection}: ${note}`);
  return [
    moreBadFiles(found.unreadable, columns),
    h(
      "p",
      { class: "note" },
      note,
      " ",
      h("a", { href: linkTo("find", { collection: place.collection }) }, "Find others"),
    ),
    foundTable(group),
  ];
}
