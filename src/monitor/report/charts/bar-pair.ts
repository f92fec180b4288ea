import { shareText } from "../markup/figures.ts";
import { html, type Markup, shortened } from "../markup/markup.ts";
import { type PairedCounts, peakOf, sharesOf, shiftText } from "./shares.ts";

const [rowHeight, labelWidth, barWidth, width] = [22, 120, 160, 400];

/**
 * Bars of categories, in pairs: the baseline an outline above, production filled below, with both shares. The
 * categories are those with the greatest share of either side; what the rest makes together is the last.
 * Without `isDrawn` they are told in words, which takes a fifth of the room.
 */
export function barPair(
  counts: PairedCounts,
  { max, isDrawn }: { readonly max: number; readonly isDrawn: boolean },
): Markup {
  const { labels, baseline, production } = gathered(counts, max);
  const [before, after] = [sharesOf(baseline), sharesOf(production)];
  const both = labels.map((_, i) => `${shareText(before[i] ?? 0)} → ${shareText(after[i] ?? 0)}`);
  if (!isDrawn)
    return html`<p>${labels.map((label, i) => `${i > 0 ? ", " : ""}${shortened(label, 16)} ${both[i]}`)}`;
  // What the rest makes together would flatten all others, so its bars may be cut; its shares are written.
  const named = Math.min(labels.length, max - 1);
  const scale = barWidth / peakOf(before.slice(0, named), after.slice(0, named));
  const bars = (shares: readonly number[], shift: number): string =>
    shares
      .map(
        (share, row) =>
          `M${labelWidth} ${row * rowHeight + shift}h${Math.min(barWidth, Math.round(share * scale))}v7H${labelWidth}z`,
      )
      .join("");
  const texts = labels.map((label, row) => {
    const y = row * rowHeight + 15;
    return html`<text x=112 y=${y} class=a>${shortened(label, 16)}</text><text x=290 y=${y}>${both[row]}</text>`;
  });
  const height = labels.length * rowHeight + 4;
  return html`<svg class=l viewBox="0 0 ${width} ${height}" role=img aria-label="${shiftText(counts)}"><path class=p d="${bars(before, 3)}"/><path class=q d="${bars(after, 11)}"/>${texts}</svg>`;
}

/** The greatest groups by themselves, the others as one. */
function gathered({ labels, baseline, production }: PairedCounts, max: number): PairedCounts {
  const [before, after] = [sharesOf(baseline), sharesOf(production)];
  const size = (i: number): number => Math.max(before[i] ?? 0, after[i] ?? 0);
  const order = labels.map((_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
  if (order.length <= max) return picked(order, { labels, baseline, production });
  const shown = picked(order.slice(0, max - 1), { labels, baseline, production });
  const rest = order.slice(max - 1);
  const sum = (counts: readonly number[]): number => rest.reduce((total, i) => total + (counts[i] ?? 0), 0);
  return {
    labels: [...shown.labels, `${rest.length} more`],
    baseline: [...shown.baseline, sum(baseline)],
    production: [...shown.production, sum(production)],
  };
}

function picked(order: readonly number[], { labels, baseline, production }: PairedCounts): PairedCounts {
  return {
    labels: order.map((i) => labels[i] ?? ""),
    baseline: order.map((i) => baseline[i] ?? 0),
    production: order.map((i) => production[i] ?? 0),
  };
}
