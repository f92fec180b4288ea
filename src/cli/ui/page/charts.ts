import type { ColumnShape, NumberShape, TextShape, VolumeBin, Volume } from "../answers.ts";
import { bdi, h, svg } from "./dom.ts";
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
  options: { readonly label: string; readonly height: number },
): SVGSVGElement {
  const { label, height } = options;
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
      { class: "bin" },
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

/** What a column has in it, as bars with their ends named. */
export function shapeChart({ shape, type }: ColumnShape, height: number): HTMLElement {
  if (shape === undefined) return h("p", { class: "soft" }, "no values");
  return shape.kind === "texts" ? textBars(shape, height) : numberBars(shape, type, height);
}

function numberBars(shape: NumberShape, type: string, height: number): HTMLElement {
  const { bins, from, to, below, above, values } = shape;
  const text = boundText(shape.kind);
  const most = Math.max(1, ...bins);
  const unit = width / bins.length;
  const step = (to - from) / bins.length;
  const bars = bins.map((count, i) => {
    const size = count === 0 ? 0 : Math.max(1, (count / most) * height);
    const [start, end] = [from + i * step, from + (i + 1) * step];
    return svg(
      "g",
      { class: "bin" },
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

function textBars({ values, distinct, isMore, top }: TextShape, height: number): HTMLElement {
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
            : h("bdi", { class: "cut", title: text }, text),
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
