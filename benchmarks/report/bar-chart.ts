import { linearAxis, logAxis } from "./axis.ts";
import { number } from "./format.ts";
import { line, short, svgDocument, text, tickText } from "./svg.ts";

/** A bar: its length is the median, the mark across its end goes from the least to the greatest. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly own: boolean;
}

const width = 760;
/** About what a character of a label takes; fonts differ. */
const characterWidth = 7;
const right = 90;
const top = 44;
const rowHeight = 26;
const bottom = 40;

/**
 * Bars from the left, named on the left, with their figures. When the longest would hide the others, the
 * scale is logarithmic and bars are points: a length says nothing there.
 */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const left = 24 + characterWidth * Math.max(...bars.map(({ label }) => label.length));
  const values = bars.map(({ value }) => value);
  const all = bars.flatMap(({ min, max }) => [min, max]);
  const logarithmic = Math.min(...all) > 0 && Math.max(...values) / Math.min(...values) > 200;
  const axis = logarithmic
    ? logAxis(all, left, width - right)
    : linearAxis(Math.max(...all), left, width - right);
  const end = top + bars.length * rowHeight;
  const parts = axis.ticks.flatMap((tick) => [
    line(axis.at(tick), top, axis.at(tick), end, "rule"),
    text(axis.at(tick), end + 16, tickText(tick), { anchor: "middle", class: "faint" }),
  ]);
  bars.forEach(({ label, value, min, max, own }, index) => {
    const y = top + index * rowHeight;
    const middle = y + rowHeight / 2;
    const name = own ? "own" : "other";
    const length = Math.max(1, axis.at(value) - left);
    parts.push(
      text(left - 8, middle + 4, label, { anchor: "end" }),
      logarithmic
        ? `<circle class="${name}" cx="${short(left + length)}" cy="${middle}" r="6"/>`
        : `<rect class="${name}" x="${left}" y="${y + 5}" width="${short(length)}" height="${rowHeight - 10}" rx="2"/>`,
    );
    if (max > min) parts.push(line(axis.at(min), middle, axis.at(max), middle, "spread"));
    parts.push(text(Math.max(left + length, axis.at(max)) + 6, middle + 4, number(value)));
  });
  const scale = logarithmic ? `${unit}, logarithmic` : unit;
  parts.push(text((left + width - right) / 2, end + 33, scale, { anchor: "middle", class: "faint" }));
  return svgDocument(width, end + bottom + 4, title, parts);
}
