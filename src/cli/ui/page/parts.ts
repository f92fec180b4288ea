import type { BadFiles, Overview, Place, Told, VolumeSums } from "../answers.ts";
import { queryText, type Params } from "./ask.ts";
import { bdi, h } from "./dom.ts";
import { amountText, countText, verdictNames } from "./format.ts";

/** A view of the page: what stands behind the `#` of its URL, and what it shows. */
export interface View {
  readonly title: string;
  readonly content: readonly HTMLElement[];
}

/** The URL of a view. */
export function linkTo(view: string, params: Params = {}): string {
  const query = queryText(params);
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}

/** The parameters of a collection's view. */
export function placeParams({ endpoint, deployment, collection }: Place): Params {
  return { endpoint, deployment, collection };
}

/** The collection that a view's URL names. */
export function placeOf(params: URLSearchParams): Place {
  const text = (name: string): string => params.get(name) ?? "";
  return { endpoint: text("endpoint"), deployment: text("deployment"), collection: text("collection") };
}

/** Where the rows of a collection are that were requested in a span of time. */
export function rowsBetween(place: Place, from: number, to: number, where: readonly string[] = []): string {
  const [first, end] = [from, to].map((time) => new Date(time).toISOString());
  return linkTo("find", { ...placeParams(place), where, from: first, to: end });
}

/** Whether both are the same collection: the case of its name does not matter. */
export function isSamePlace(one: Place, other: Place): boolean {
  return (
    one.endpoint === other.endpoint &&
    one.deployment === other.deployment &&
    one.collection.toLowerCase() === other.collection.toLowerCase()
  );
}

/** Whether a collection's hours are complete, in a word, and not by its colour alone. */
export function verdictBadge(verdict: Told): HTMLElement {
  return h("span", { class: `badge ${verdict}` }, verdictNames[verdict]);
}

/** Files that could not be read, by name, and why; undefined if there are none. */
export function badFilesNotice({ count, first }: BadFiles): HTMLElement | undefined {
  if (count === 0) return undefined;
  return h(
    "div",
    { class: "alert", role: "alert" },
    h("p", {}, `${amountText(count, "file")} cannot be read; what is shown is in the others.`),
    h(
      "ul",
      {},
      ...first.map(({ path, reason }) => h("li", {}, bdi(path, "mono"), ": ", bdi(reason))),
      count > first.length && h("li", {}, `and ${countText(count - first.length)} more`),
    ),
  );
}

/** What became of frames, in words; what is 0 is left out. */
export function sumsText(sums: VolumeSums): string {
  const parts: readonly (readonly [number, string])[] = [
    [sums.offered, "offered"],
    [sums.stored, "stored"],
    [sums.leftOut, "left out by sampling"],
    [sums.dropped, "dropped"],
    [sums.pending, "on their way"],
    [sums.unaccounted, "unaccounted for"],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${countText(count)} ${what}`);
  return told.length === 0 ? "nothing is told of its frames" : `frames: ${told.join(", ")}`;
}

/** Whether a collection is in a listing. */
export function hasPlace({ collections }: Overview, place: Place): boolean {
  return collections.some((one) => isSamePlace(one, place));
}

const dayMs = 86_400_000;
const ranges = [
  { name: "24h", text: "last 24 hours", ms: dayMs },
  { name: "7d", text: "last 7 days", ms: 7 * dayMs },
  { name: "30d", text: "last 30 days", ms: 30 * dayMs },
  { name: "all", text: "all there is", ms: Number.POSITIVE_INFINITY },
] as const;

/** A range of request times, up to the newest data. */
export interface Range {
  readonly name: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The range of a name; else a week, or all if that is less. */
export function rangeOf(collections: Overview["collections"], name: string | null): Range | undefined {
  const to = collections.reduce((max, one) => Math.max(max, one.to), Number.NEGATIVE_INFINITY);
  const first = collections.reduce((min, one) => Math.min(min, one.from), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(to)) return undefined;
  const [, week, , all] = ranges;
  const chosen = ranges.find((range) => range.name === name) ?? (to - week.ms > first ? week : all);
  return {
    name: chosen.name,
    text: chosen.text,
    to,
    from: Number.isFinite(chosen.ms) ? to - chosen.ms : first,
  };
}

/** Chooses a range; `link` is where each leads to. */
export function rangePicker(range: Range, link: (name: string) => string): HTMLElement {
  const select = h(
    "select",
    { change: () => void (location.hash = link(select.value)) },
    ...ranges.map(({ name, text }) => h("option", { value: name, selected: name === range.name }, text)),
  );
  return h("label", { class: "range" }, h("span", {}, "Show"), select);
}
