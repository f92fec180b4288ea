import { h } from "./dom.ts";

const token = /("(?:[^"\\]|\\.)*"?)|(-?\d[\d.eE+-]*|NaN|-?Infinity)|(true|false|null)|([[\]{},:])|(\s+)/y;
const maxDepth = 200;
/** Parts that get a colour: a page of many more is slow. */
const maxMarked = 10_000;

/**
 * JSON with a line for each member, its numbers and texts letter for letter as they are stored: nothing is
 * parsed, so nothing is rounded. Of JSON that was cut, what there is; undefined for what is none.
 */
export function prettyJson(text: string): HTMLElement | undefined {
  const place = h("code", {});
  let [depth, at, plain, marked] = [0, 0, "", 0];
  const flush = (): void => {
    if (plain !== "") place.append(plain);
    plain = "";
  };
  const mark = (name: string, part: string): void => {
    if (marked++ >= maxMarked) plain += part;
    else {
      flush();
      place.append(h("span", { class: name }, part));
    }
  };
  const line = (): string => `\n${"  ".repeat(Math.min(depth, maxDepth))}`;
  token.lastIndex = 0;
  while (at < text.length) {
    const found = token.exec(text);
    if (found === null) return undefined;
    at = token.lastIndex;
    const [, string, number, word, sign] = found;
    if (string !== undefined) {
      const isName = /^\s*:/.test(text.slice(at, at + 8));
      mark(isName ? "json-name" : "json-text", string);
    } else if (number !== undefined || word !== undefined) {
      mark("json-word", number ?? word ?? "");
    } else if (sign === "{" || sign === "[") {
      const empty = /^\s*[}\]]/.exec(text.slice(at, at + 64));
      if (empty !== null) {
        plain += sign + empty[0].trim();
        token.lastIndex = at += empty[0].length;
        continue;
      }
      depth++;
      plain += sign + line();
    } else if (sign === "}" || sign === "]") {
      if (--depth < 0) return undefined;
      plain += line() + sign;
    } else if (sign === ",") plain += `,${line()}`;
    else if (sign === ":") plain += ": ";
  }
  flush();
  return place;
}
