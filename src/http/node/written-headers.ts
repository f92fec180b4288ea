import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { HeaderLookup } from "../headers/captured-headers.ts";

/** Headers as `writeHead` takes them: an object, names and values in turn, or pairs. */
export type WrittenHeaders =
  | OutgoingHttpHeaders
  | readonly (OutgoingHttpHeader | readonly [string, OutgoingHttpHeader])[];

/** Finds those that were given to `writeHead`. */
export function headersIn(given: WrittenHeaders | undefined): HeaderLookup {
  if (given === undefined) return () => undefined;
  const pairs: (readonly [string, unknown])[] = [];
  if (!Array.isArray(given)) pairs.push(...Object.entries(given));
  else if (Array.isArray(given[0])) pairs.push(...(given as [string, unknown][]));
  else for (let i = 0; i + 1 < given.length; i += 2) pairs.push([String(given[i]), given[i + 1]]);
  return (name) => {
    const found = pairs.filter(([key]) => key.toLowerCase() === name).map(([, value]) => headerText(value));
    return found.length === 0 ? undefined : found.join(", ");
  };
}

/** The same headers in the same form, with one more at the end if it is not there. */
export function withHeader(given: WrittenHeaders, name: string, value: string): WrittenHeaders {
  if (headersIn(given)(name) !== undefined) return given;
  if (!Array.isArray(given)) return { ...given, [name]: value };
  return Array.isArray(given[0]) ? [...(given as []), [name, value]] : [...(given as []), name, value];
}

/** A header's value as it is sent; several are joined by a comma. */
export function headerText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.join(", ") : String(value);
}
