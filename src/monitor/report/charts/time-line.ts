import { amountText, countText, figureText } from "../markup/figures.ts";
import { html, type Markup } from "../markup/markup.ts";
import { boxHeight, boxWidth } from "./box.ts";

/** One window of a time line. */
export interface TimePoint {
  /** Null where there is none: too few rows, no labels. */
  readonly value: number | null;
  readonly breached: boolean;
  /** True for what was estimated, and not measured. */
  readonly estimated?: boolean;
}

/** A metric over consecutive windows. */
export interface TimeLine {
  readonly points: readonly TimePoint[];
  readonly threshold: number | null;
}

/** One point for each `by` of a line that has more than `max`: that which is breached, then the farthest. */
export function thinned({ points, threshold }: TimeLine, max: number): TimeLine {
  const by = Math.ceil(points.length / max);
  if (by <= 1) return { points, threshold };
  const farther = (a: TimePoint, b: TimePoint): TimePoint => {
    if (a.breached !== b.breached) return a.breached ? a : b;
    return Math.abs((b.value ?? 0) - (threshold ?? 0)) > Math.abs((a.value ?? 0) - (threshold ?? 0)) &&
      a.value !== null &&
      b.value !== null
      ? a
      : b;
  };
  const kept: TimePoint[] = [];
  for (let i = 0; i < points.length; i += by) kept.push(points.slice(i, i + by).reduce(farther));
  return { points: kept, threshold };
}

/**
 * The marks of a time line, without its frame: the threshold dashed, a line, squares where it is breached,
 * rings where values are estimated.
 */
export function lineMarks({ points, threshold }: TimeLine): Markup {
  const y = scaleOf({ points, threshold });
  let [line, breached, estimated] = ["", "", ""];
  points.forEach(({ value, breached: isBreached, estimated: isEstimated = false }, i) => {
    if (!isDrawn(value)) return;
    const [x, height] = [Math.round(((i + 0.5) / points.length) * boxWidth), y(value)];
    const [isFirst, isLast] = [!isDrawn(points[i - 1]?.value), !isDrawn(points[i + 1]?.value)];
    // One that stands alone is a dot: a line without length.
    line += `${isFirst ? "M" : "L"}${x} ${height}${isFirst && isLast ? "h0" : ""}`;
    if (isBreached) breached += `M${x} ${height}h0`;
    else if (isEstimated) estimated += `M${x - 3} ${height}a3 3 0 1 0 6 0a3 3 0 1 0-6 0`;
  });
  return html`${threshold !== null && html`<path class=t d="M0 ${y(threshold)}h${boxWidth}"/>`}<path class=n d="${line}"/>${
    estimated !== "" && html`<path class=e d="${estimated}"/>`
  }${breached !== "" && html`<path class=s d="${breached}"/>`}`;
}

function isDrawn(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** What a time line shows, in words. */
export function lineText({ points, threshold }: TimeLine): string {
  const values = points.flatMap(({ value }) => (isDrawn(value) ? [value] : []));
  const windows = amountText(points.length, "window");
  if (values.length === 0) return `no value in ${windows}`;
  const breaches = points.filter(({ breached }) => breached).length;
  const range = `${figureText(Math.min(...values))} to ${figureText(Math.max(...values))} in ${windows}`;
  return threshold === null ? range : `${range}, breached in ${countText(breaches)}`;
}

/**
 * From values to heights, with room above and below, so that marks are not cut; 0 is at the bottom when it is
 * near.
 */
function scaleOf({ points, threshold }: TimeLine): (value: number) => number {
  const values = points.flatMap(({ value }) => (isDrawn(value) ? [value] : []));
  if (threshold !== null) values.push(threshold);
  const greatest = Math.max(...values, 0);
  const least = Math.min(...values, greatest);
  const floor = least > 0 && least < greatest / 2 ? 0 : least;
  const range = greatest - floor || 1;
  return (value) => Math.round(boxHeight * (0.92 - 0.84 * ((value - floor) / range)));
}
