import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { HeaderLookup } from "../headers/captured-headers.ts";

/** Headers as `writeHead` takes them: an object, names and values in turn, or pairs. */
export type WrittenHeaders =
  | OutgoingHttpHeaders
  | readonly (OutgoingHttpHeader | readonly [string, OutgoingHttpHeader])[];

/** Finds those that were given to `writeHead`. */
export function headersIn(given: WrittenHeaders | undefined): HeaderLookup {
  if (given === undefined) return () => undefined;
  const flat = inTurn(given);
  return (name) => {
    let found: string | undefined;
    for (let i = 0; i + 1 < flat.length; i += 2) {
      if (String(flat[i]).toLowerCase() !== name) continue;
      const text = headerText(flat[i + 1]) ?? "";
      found = found === undefined ? text : `${found}, ${text}`;
    }
    return found;
  };
}

/** Names and values in turn. */
function inTurn(given: WrittenHeaders): readonly unknown[] {
  if (Array.isArray(given)) return Array.isArray(given[0]) ? given.flat() : given;
  const flat: unknown[] = [];
  for (const name of Object.keys(given)) flat.push(name, (given as OutgoingHttpHeaders)[name]);
  return flat;
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
