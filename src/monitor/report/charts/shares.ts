import { figureText, shareText } from "../markup/figures.ts";

/** What a pair chart shows: groups, and how many rows of either side are in each. */
export interface PairedCounts {
  /** What each group is called. */
  readonly labels: readonly string[];
  readonly baseline: readonly number[];
  readonly production: readonly number[];
}

/** The shares of counts; all 0 when there is nothing. */
export function sharesOf(counts: readonly number[]): number[] {
  const sum = counts.reduce((total, count) => total + count, 0);
  return counts.map((count) => (sum > 0 ? count / sum : 0));
}

/** The greatest share of either side; 1 when there is none, so that it can be divided by. */
export function peakOf(...sides: readonly (readonly number[])[]): number {
  return Math.max(...sides.flat()) || 1;
}

/** Groups of bins, called by their edges; counts that have two more are of what is below and above, too. */
export function binLabels(edges: readonly number[], groups: number): string[] {
  const bins = edges.slice(1).map((edge, i) => `${figureText(edges[i] as number)} to ${figureText(edge)}`);
  const [least, greatest] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  return groups === bins.length + 2
    ? [`below ${figureText(least)}`, ...bins, `above ${figureText(greatest)}`]
    : bins;
}

/**
 * What a pair chart shows, in words: where most of the rows came from, and where they went. That is what a
 * person sees first in the picture, too.
 */
export function shiftText({ labels, baseline, production }: PairedCounts): string {
  const [before, after] = [sharesOf(baseline), sharesOf(production)];
  const changes = before.map((share, i) => (after[i] ?? 0) - share);
  const told = (i: number): string =>
    `${labels[i] ?? ""} ${shareText(before[i] ?? 0)} to ${shareText(after[i] ?? 0)}`;
  const [most, least] = [changes.indexOf(Math.max(...changes)), changes.indexOf(Math.min(...changes))];
  if (!((changes[most] ?? 0) > 0)) return "the same shares on both sides";
  return `more: ${told(most)}; less: ${told(least)}`;
}
