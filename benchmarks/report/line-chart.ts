import { linearAxis, logAxis } from "./axis.ts";
import { line, otherColors, short, svgDocument, text, tickText } from "./svg.ts";

/** A line through points. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly own: boolean;
}

/** What stands at the axes, and whether they are logarithmic (both, or none). */
export interface LineAxes {
  readonly x: string;
  readonly y: string;
  readonly logarithmic: boolean;
}

const [width, height] = [760, 380];
const [left, right, top, bottom] = [64, 170, 60, 48];
const labelHeight = 15;
/** Lines of ours have one colour; the first is whole. */
const ownDashes: readonly string[] = ["none", "7 3", "3 3", "9 3 3 3"];

/** Lines, each named at its end. */
export function lineChart(title: string, { x, y, logarithmic }: LineAxes, lines: readonly Line[]): string {
  const points = lines.flatMap((one) => one.points);
  const [xs, ys] = [points.map(([value]) => value), points.map(([, value]) => value)];
  const axis = (values: readonly number[], from: number, to: number) =>
    logarithmic ? logAxis(values, from, to) : linearAxis(Math.max(...values), from, to);
  const across = axis(xs, left, width - right);
  const up = axis(ys, height - bottom, top);
  const parts = [
    ...up.ticks.flatMap((tick) => [
      line(left, up.at(tick), width - right, up.at(tick), "rule"),
      text(left - 8, up.at(tick) + 4, tickText(tick), { anchor: "end", class: "faint" }),
    ]),
    ...across.ticks.map((tick) =>
      text(across.at(tick), height - bottom + 18, tickText(tick), { anchor: "middle", class: "faint" }),
    ),
    text((left + width - right) / 2, height - 10, x, { anchor: "middle", class: "faint" }),
    text(left, top - 12, y, { anchor: "end", class: "faint" }),
  ];
  const dashOf = (one: Line): string => ownDashes[lines.filter(({ own }) => own).indexOf(one)] ?? "";
  const colorOf = (one: Line): string =>
    otherColors[lines.filter(({ own }) => !own).indexOf(one) % otherColors.length] ?? "";
  for (const one of lines) {
    const path = one.points.map(([px, py]) => `${short(across.at(px))},${short(up.at(py))}`).join(" ");
    const stroke = one.own
      ? `class="own-line" stroke-width="2.5" stroke-dasharray="${dashOf(one)}"`
      : `stroke="${colorOf(one)}" stroke-width="1.8"`;
    parts.push(`<polyline points="${path}" fill="none" ${stroke} stroke-linejoin="round"/>`);
  }
  const labels = lines.map((one) => ({ one, y: up.at(one.points.at(-1)?.[1] ?? 0) + 4 }));
  for (const { one, y: at } of spreadOut(labels)) {
    const style = one.own ? { class: "own" } : { fill: colorOf(one) };
    parts.push(text(width - right + 8, at, one.label, style));
  }
  return svgDocument(width, height, title, parts);
}

/** Moves labels down until none covers another, and up again if the last ones leave the picture. */
function spreadOut<T extends { readonly y: number }>(labels: readonly T[]): T[] {
  const placed = [...labels].sort((a, b) => a.y - b.y);
  for (let i = 1; i < placed.length; i++) {
    const [above, here] = [placed[i - 1] as T, placed[i] as T];
    placed[i] = { ...here, y: Math.max(here.y, above.y + labelHeight) };
  }
  const excess = (placed.at(-1)?.y ?? 0) - (height - bottom);
  return excess > 0 ? placed.map((label) => ({ ...label, y: label.y - excess })) : placed;
}
