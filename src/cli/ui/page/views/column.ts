import type { ColumnShape, Overview, Place, Profile } from "../../answers.ts";
import { ask } from "../ask.ts";
import { boundText, linkOfBin, type RowsOf, shapeChart } from "../charts.ts";
import { announce, awaited, bdi, type Child, h, scrollable } from "../dom.ts";
import { amountText, countText, numberText, placeText, shareText } from "../format.ts";
import {
  badFilesNotice,
  hasPlace,
  isSamePlace,
  linkTo,
  placeOf,
  placeParams,
  rangeOf,
  rangePicker,
  rowsBetween,
  type View,
} from "../parts.ts";

/** One column of a collection. */
export function columnView(params: URLSearchParams, signal: AbortSignal): View {
  const place = placeOf(params);
  const column = params.get("column") ?? "";
  const content = awaited(
    "Listing what is stored",
    () => ask("overview", {}, { signal, isEnough: (overview) => hasPlace(overview, place) }),
    (overview) => shown(overview, place, column, { name: params.get("range"), signal }),
  );
  const path = h(
    "p",
    { class: "path" },
    ...[h("a", { href: linkTo("") }, "Collections"), " / ", bdi(placeText(place)), " / "],
    h(
      "a",
      { href: linkTo("collection", { ...placeParams(place), range: params.get("range") ?? undefined }) },
      bdi(place.collection),
    ),
  );
  return { title: column, content: [path, content] };
}

function shown(
  { collections }: Overview,
  place: Place,
  column: string,
  { name, signal }: { readonly name: string | null; readonly signal: AbortSignal },
): Child[] {
  const own = collections.filter((one) => isSamePlace(one, place));
  const range = rangeOf(own, name);
  if (range === undefined) return [h("p", { class: "alert", role: "alert" }, "There is no such collection.")];
  const link = (other: string): string => linkTo("column", { ...placeParams(place), column, range: other });
  const { from, to } = range;
  return [
    h("div", { class: "head" }, h("span", {}), h("div", { class: "tools" }, rangePicker(range, link))),
    awaited(
      "Reading values",
      (tell) =>
        ask(
          "profile",
          { ...placeParams(place), from, to, column },
          {
            signal,
            onProgress: ({ rows, files, ofFiles }) =>
              tell(`${amountText(rows, "row")}, ${countText(files)} of ${amountText(ofFiles, "file")}`),
          },
        ),
      (profile) => profilePart(profile, (where) => rowsBetween(place, from, to, where)),
    ),
  ];
}

function profilePart({ rows, isPart, columns, unreadable }: Profile, rowsOf: RowsOf): Child[] {
  const [column] = columns;
  if (column === undefined)
    return [badFilesNotice(unreadable), h("p", { class: "soft" }, "No file has such a column in this time.")];
  announce(`${column.name}: ${amountText(rows, "row")}`);
  const of = isPart
    ? `the newest ${amountText(rows, "row")}; there are more`
    : `all ${amountText(rows, "row")}`;
  return [
    badFilesNotice(unreadable),
    h("div", { class: "panel" }, shapeChart(column, 240, rowsOf)),
    h(
      "dl",
      { class: "list" },
      ...factsOf(column, rows).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
      h("dt", {}, "rows"),
      h("dd", {}, of),
    ),
    column.shape !== undefined && column.shape.kind !== "texts" && binTable(column, rowsOf),
  ];
}

function factsOf({ type, nulls, shape }: ColumnShape, rows: number): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ["type", type],
    ["without a value", `${countText(nulls)} (${shareText(nulls, rows)})`],
  ];
  if (shape === undefined) return facts;
  if (shape.kind === "texts") {
    facts.push(["distinct", `${shape.isMore ? "more than " : ""}${countText(shape.distinct)}`]);
    return facts;
  }
  const text = boundText(shape.kind);
  facts.push(["least", text(shape.min)], ["median", text(shape.median)], ["greatest", text(shape.max)]);
  if (shape.kind === "times") return facts;
  if (shape.mean !== null) facts.push(["mean", numberText(shape.mean)]);
  if (shape.deviation !== null) facts.push(["standard deviation", numberText(shape.deviation)]);
  return facts;
}

function binTable(column: ColumnShape, rowsOf: RowsOf): HTMLElement | undefined {
  const { shape } = column;
  if (shape === undefined || shape.kind === "texts") return undefined;
  const { bins, from, to, values } = shape;
  const text = boundText(shape.kind);
  const step = (to - from) / bins.length;
  const number = (content: Child): HTMLElement => h("td", { class: "number" }, content);
  const start = (bin: number): Child => {
    const [told, link] = [text(from + bin * step), linkOfBin(column, bin, rowsOf)];
    return link === undefined ? told : h("a", { href: link }, told);
  };
  const table = h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...["From", "To", "Values", "Share"].map((title) =>
          h("th", { scope: "col", class: "number" }, title),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      ...bins.map((count, i) =>
        h(
          "tr",
          {},
          number(start(i)),
          number(text(from + (i + 1) * step)),
          number(countText(count)),
          number(shareText(count, values)),
        ),
      ),
    ),
  );
  return h("details", {}, h("summary", {}, "As a table"), scrollable("Histogram", table, "tall"));
}
