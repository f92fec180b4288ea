import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { Span } from "../../layout/partition.ts";
import { CollectionProfile } from "../../profile/collection-profile.ts";
import { addTo, ProfileSums } from "../../profile/stored-profiles.ts";
import type { Catalog } from "../catalog.ts";
import { profileLines, spanOf } from "./profile-lines.ts";

/** Options of `Dataset.windowProfiles`. */
export interface WindowProfilesOptions {
  /** The collection's name; its case does not matter. */
  readonly collection: string;
  /** Spans of time; an end is not in its window. They may overlap. An hour is in the window it begins in. */
  readonly windows: readonly { readonly from: Date; readonly to: Date }[];
  /** Only these columns. Default: all. */
  readonly columns?: readonly string[];
}

/**
 * The stored profiles of a collection, merged to one for each window: what is in memory at once is as much as
 * the windows need, and not as the hours do.
 */
export async function readWindowProfiles(
  catalog: Catalog,
  { collection, windows, columns }: WindowProfilesOptions,
): Promise<CollectionProfile[]> {
  if (typeof collection !== "string")
    throw wrongKind("windowProfiles: collection", "the name of a collection", collection);
  for (const { from, to } of windows)
    if (!(from < to)) throw wrongValue("windowProfiles: windows", "two times in order", told("others"));
  const stretches = new Stretches(windows);
  const sums = new ProfileSums((line) => ({
    ...{ instance: "", collection: collectionKey(collection) },
    hour: new Date(stretches.at(spanOf(line).start)?.start ?? 0).toISOString(),
  }));
  const isWanted = ({ start }: Span): boolean => stretches.at(start) !== undefined;
  const isWholeWanted = ({ start, end }: Span): boolean => {
    const stretch = stretches.at(start);
    return stretch !== undefined && end <= stretch.end;
  };
  const wanted = { collection, columns, from: stretches.from, isWanted, isWholeWanted };
  for await (const line of profileLines(catalog, wanted)) addTo(sums, line);
  const parts = Array.from(sums.sums, ({ place, ...sum }) => {
    const { start, end } = stretches.at(Date.parse(place.hour)) as Span;
    return CollectionProfile.of({ collection, from: new Date(start), to: new Date(end), ...sum });
  }).sort((a, b) => a.from.getTime() - b.from.getTime());
  return windows.map((window) => {
    const whole = new CollectionProfile({ collection, from: window.from, to: window.to });
    for (const part of parts) if (part.from >= window.from && part.from < window.to) whole.join(part);
    return whole;
  });
}

/** Stretches of time in which no window begins or ends: each is merged once, and then to its windows. */
class Stretches {
  readonly #bounds: readonly number[];
  readonly #isAsked: readonly boolean[];

  constructor(windows: WindowProfilesOptions["windows"]) {
    const spans = windows.map(({ from, to }) => ({ start: from.getTime(), end: to.getTime() }));
    this.#bounds = [...new Set(spans.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
    this.#isAsked = this.#bounds.map((bound) =>
      spans.some(({ start, end }) => start <= bound && bound < end),
    );
  }

  /** The first instant of all. */
  get from(): number {
    return this.#bounds[0] ?? Infinity;
  }

  /** The one that an instant is in; undefined where no window is. */
  at(instant: number): Span | undefined {
    let [low, high] = [0, this.#bounds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] as number) <= instant) low = middle + 1;
      else high = middle;
    }
    if (this.#isAsked[low - 1] !== true) return undefined;
    return { start: this.#bounds[low - 1] as number, end: this.#bounds[low] as number };
  }
}
