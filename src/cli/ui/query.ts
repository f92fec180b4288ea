import { utcTime } from "../../base/time/utc-time.ts";
import { UsageError } from "../command.ts";
import type { Place } from "./answers.ts";

/** What is asked of an answer, from the URL's query. {@link UsageError} for what it may not be. */
export class Query {
  readonly #params: URLSearchParams;

  constructor(params: URLSearchParams) {
    this.#params = params;
  }

  /** A text that has to be there. */
  text(name: string): string {
    const text = this.optionalText(name);
    if (text === undefined) throw new UsageError(`${name}: expected a text`);
    return text;
  }

  /** A text, if it is there and not empty. */
  optionalText(name: string): string | undefined {
    const text = this.#params.get(name);
    return text === null || text === "" ? undefined : text;
  }

  /** All texts of a name. */
  texts(name: string): readonly string[] {
    return this.#params.getAll(name).filter((text) => text !== "");
  }

  /** A whole number from 0, up to `max`. */
  count(name: string, fallback: number, max: number): number {
    const text = this.optionalText(name) ?? String(fallback);
    if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${name}: expected a whole number`);
    return Math.min(Number(text), max);
  }

  /** Request times, milliseconds since 1970 UTC or ISO 8601; infinite where open. */
  range(): { readonly from: number; readonly to: number } {
    return {
      from: this.#time("from") ?? Number.NEGATIVE_INFINITY,
      to: this.#time("to") ?? Number.POSITIVE_INFINITY,
    };
  }

  /** The collection that is meant. */
  place(): Place {
    return {
      endpoint: this.text("endpoint"),
      deployment: this.text("deployment"),
      collection: this.text("collection"),
    };
  }

  #time(name: string): number | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    const time = /^-?\d{1,15}$/.test(text) ? Number(text) : utcTime(text);
    if (Number.isNaN(new Date(time).getTime()))
      throw new UsageError(`${name}: expected a UTC time such as 2026-11-22 or 2026-11-22T05:30`);
    return time;
  }
}
