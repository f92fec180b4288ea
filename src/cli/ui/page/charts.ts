import type { ColumnShape, NumberShape, TextShape, VolumeBin, Volume } from "../answers.ts";
import { bdi, type Child, h, svg } from "./dom.ts";
import { amountText, binText, countText, numberText, shareText, timeText } from "./format.ts";

/** How wide a drawing is in its own units; the page stretches it. */
const width = 1_000;

/**
 * Rows over time as bars, and under them what is not complete as a strip. Its label and titles say the same;
 * a table beside it has the numbers.
 */
export function volumeChart(
  { from, to, binMs }: Pick<Volume, "from" | "to" | "binMs">,
  bins: readonly VolumeBin[],
  options: { readonly label: string; readonly height: number; rowsOf(bin: VolumeBin): string },
): SVGSVGElement {
  const { label, height, rowsOf } = options;
  const first = Math.floor(from / binMs) * binMs;
  const unit = (width * binMs) / Math.max(binMs, to - first);
  const most = bins.reduce((max, { rows }) => Math.max(max, rows), 1);
  const strip = 5;
  const room = height - strip - 2;
  const parts = bins.map((bin) => {
    const x = ((bin.start - first) / binMs) * unit;
    const size = bin.rows === 0 ? 0 : Math.max(1.5, (bin.rows / most) * room);
    const told = bin.verdict === "complete" ? "" : `, ${bin.verdict}: ${bin.reasons.join("; ")}`;
    return svg(
      "g",
      { class: "bin", click: () => void (location.hash = rowsOf(bin)) },
      svg("title", {}, `${binText(bin.start, binMs)}: ${amountText(bin.rows, "row")}${told}`),
      svg("rect", { class: "hit", x, y: 0, width: unit, height }),
      svg("rect", { class: "bar", x: x + unit * 0.08, y: room - size, width: unit * 0.84, height: size }),
      svg("rect", { class: `strip ${bin.verdict}`, x, y: height - strip, width: unit, height: strip }),
    );
  });
  const line = svg("line", { class: "base", x1: 0, x2: width, y1: room + 0.5, y2: room + 0.5 });
  return svg(
    "svg",
    {
      ...{ class: "volume", role: "img", "aria-label": label, preserveAspectRatio: "none" },
      ...{ viewBox: `0 0 ${width} ${height}`, height },
    },
    line,
    ...parts,
  );
}

/** Where the rows are of which all conditions hold. */
export type RowsOf = (conditions: readonly string[]) => string;

/** What a column has in it, as bars with their ends named; each leads to its rows. */
export function shapeChart(column: ColumnShape, height: number, rowsOf: RowsOf): HTMLElement {
  const { name, shape, type } = column;
  if (shape === undefined) return h("p", { class: "soft" }, "no values");
  if (shape.kind === "texts") return textBars(name, shape, height, rowsOf);
  return numberBars(shape, type, height, (bin) => linkOfBin(column, bin, rowsOf));
}

/** Where the rows of a bin are; undefined where no condition says so. */
export function linkOfBin({ name, shape }: ColumnShape, bin: number, rowsOf: RowsOf): string | undefined {
  if (shape === undefined || shape.kind === "texts" || shape.kind === "sizes" || !isPlain(name))
    return undefined;
  const { from, to, bins, kind } = shape;
  const bound = (place: number): string => {
    const value = from + (place * (to - from)) / bins.length;
    return kind === "times" ? new Date(value).toISOString() : String(value);
  };
  return rowsOf([`${name}>=${bound(bin)}`, `${name}<${bound(bin + 1)}`]);
}

/** Whether a condition can begin with the name of a column. */
function isPlain(name: string): boolean {
  return !/[=<>!~\s]/.test(name);
}

function numberBars(
  shape: NumberShape,
  type: string,
  height: number,
  linkOf: (bin: number) => string | undefined,
): HTMLElement {
  const { bins, from, to, below, above, values } = shape;
  const text = boundText(shape.kind);
  const most = Math.max(1, ...bins);
  const unit = width / bins.length;
  const step = (to - from) / bins.length;
  const bars = bins.map((count, i) => {
    const size = count === 0 ? 0 : Math.max(1, (count / most) * height);
    const [start, end] = [from + i * step, from + (i + 1) * step];
    const link = linkOf(i);
    const follow = link === undefined ? undefined : (): void => void (location.hash = link);
    return svg(
      "g",
      { class: "bin", click: follow },
      svg("title", {}, `${text(start)} to ${text(end)}: ${countText(count)} (${shareText(count, values)})`),
      svg("rect", { class: "hit", x: i * unit, y: 0, width: unit, height }),
      svg("rect", {
        class: "bar",
        x: i * unit + unit * 0.06,
        y: height - size,
        width: unit * 0.88,
        height: size,
      }),
    );
  });
  const peak = bins.indexOf(most);
  const label = `Histogram of ${countText(values)} values from ${text(shape.min)} to ${text(shape.max)}, most between ${text(from + peak * step)} and ${text(from + (peak + 1) * step)}`;
  const outside = [
    below > 0 ? `${countText(below)} below, to ${text(shape.min)}` : "",
    above > 0 ? `${countText(above)} above, to ${text(shape.max)}` : "",
    shape.special > 0 ? `${countText(shape.special)} not finite` : "",
  ].filter((one) => one !== "");
  const unitName = { sizes: type === "binary" ? " (bytes)" : " (length)", numbers: "", times: "" }[
    shape.kind
  ];
  return h(
    "div",
    { class: "shape" },
    svg(
      "svg",
      {
        class: "histogram",
        viewBox: `0 0 ${width} ${height}`,
        height,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
      },
      ...bars,
    ),
    h("div", { class: "ends" }, h("span", {}, text(from)), h("span", {}, `${text(to)}${unitName}`)),
    outside.length > 0 && h("p", { class: "note" }, outside.join("; ")),
  );
}

/** How the bounds of bins are written. */
export function boundText(kind: NumberShape["kind"]): (value: number) => string {
  return kind === "times" ? (value) => timeText(value).slice(0, 16) : numberText;
}

/** The numbers beside a chart. */
export function columnFacts({ shape }: ColumnShape): string[] {
  if (shape === undefined || shape.kind === "texts") return [];
  const text = boundText(shape.kind);
  const median = `median ${text(shape.median)}`;
  return shape.kind === "times" || shape.mean === null
    ? [median]
    : [median, `mean ${numberText(shape.mean)}`];
}

function textBars(
  name: string,
  { values, distinct, isMore, top }: TextShape,
  height: number,
  rowsOf: RowsOf,
): HTMLElement {
  const most = top[0]?.count ?? 1;
  const shown = top.slice(0, Math.max(4, Math.floor(height / 16)));
  const rest = values - shown.reduce((sum, { count }) => sum + count, 0);
  const told = `${isMore ? "more than " : ""}${amountText(distinct, "distinct value")}`;
  if (most === 1 && distinct > 1)
    return h(
      "div",
      { class: "shape" },
      h("p", { class: "soft" }, `${told}, none twice, such as`),
      ...shown.slice(0, 3).map(({ text }) => h("p", { class: "cut" }, bdi(text))),
    );
  return h(
    "div",
    { class: "shape" },
    h(
      "ol",
      { class: "tops" },
      ...shown.map(({ text, count }) =>
        h(
          "li",
          {},
          text === ""
            ? h("span", { class: "soft" }, "(empty)")
            : h("bdi", { class: "cut", title: text }, textLink(name, text, rowsOf)),
          svg(
            "svg",
            { viewBox: `0 0 ${width} 10`, preserveAspectRatio: "none", "aria-hidden": "true" },
            svg("rect", { class: "bar", width: Math.max(4, (count / most) * width), height: 10 }),
          ),
          h("span", { class: "share" }, shareText(count, values)),
        ),
      ),
    ),
    h("p", { class: "note" }, rest > 0 ? `${told}; ${shareText(rest, values)} others` : told),
  );
}

/** A value with its rows; one that is not shown as it is stored has no link. */
function textLink(name: string, text: string, rowsOf: RowsOf): Child {
  const isWhole = isPlain(name) && text.length < 200 && !/\\u\{|\n/.test(text);
  return isWhole ? h("a", { href: rowsOf([`${name}=${text}`]) }, text) : text;
}
