import type { Document, LineCounter } from "yaml";
import { quote, told, wrongValue } from "../../base/errors.ts";
import type { Place } from "../../base/fields.ts";
import { maxAliases, readYamlData, type YamlData, YamlDataError } from "./yaml-data.ts";
import { yaml } from "./yaml-library.ts";

/** A YAML document (JSON is one too) as plain data, which knows the line of each of its parts. */
export interface YamlText {
  readonly data: unknown;
  /**
   * How the part at a path of keys is called in messages: `deployment.yml:7: data_collector.sampling_rate`.
   */
  where(...path: readonly string[]): string;
  /** The part at a path, as a place whose fields have lines of their own. */
  place(...path: readonly string[]): Place;
}

/**
 * Reads one document of YAML 1.2; `name` is what the file is called in messages. Throws a `RangeError` with
 * the line of what is no YAML, of a key that is there twice, or of a second document; and for aliases of no
 * anchor, for too many, and for too many levels. Takes time that grows with the text and no faster, whatever
 * it says. `isText` tells which plain numbers are texts to somebody else. No message ever quotes a line: it
 * may hold a secret.
 */
export function readYaml(text: string, name: string, isText: IsText = () => false): YamlText {
  const lines = new yaml.LineCounter();
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const refuse = (offset: number, code: string): RangeError =>
    wrongValue(`${name}:${lineAt(offset)}`, "one YAML document", told(quote(code)));

  const document = parse(text, lines);
  if (document === undefined) throw wrongValue(name, "one YAML document", told(quote("TOO_DEEP")));
  const [error] = document.errors;
  if (error !== undefined) throw refuse(error.pos[0], error.code);
  const { data, pair } = plainData(document, refuse, (offset) => `${name}:${lineAt(offset)}`, isText);

  /** The line of the last key on the path that is there; 1 when none is. */
  function lineOf(path: readonly string[]): number {
    let node: unknown = document?.contents;
    let line = 1;
    for (const key of path) {
      const found = pair(node, key);
      if (found === undefined) break;
      const { range } = found.key as { range?: readonly [number, number, number] };
      if (range) line = lineAt(range[0]);
      node = found.value;
    }
    return line;
  }

  const where = (...path: readonly string[]): string =>
    `${name}:${lineOf(path)}${path.length === 0 ? "" : `: ${path.join(".")}`}`;
  return {
    data,
    where,
    place: (...path) => ({ whole: where(...path), field: (key) => where(...path, key) }),
  };
}

type IsText = (source: string) => boolean;

/**
 * Undefined if it is nested deeper than the stack. Duplicate keys are looked for later: the library compares
 * each with each.
 */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return yaml.parseDocument(text, { lineCounter, prettyErrors: false, merge: true, uniqueKeys: false });
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function plainData(
  document: Document.Parsed,
  refuse: (offset: number, code: string) => RangeError,
  placeAt: (offset: number) => string,
  isText: IsText,
): YamlData {
  try {
    return readYamlData(document, yaml, isText);
  } catch (thrown) {
    if (!(thrown instanceof YamlDataError)) throw thrown;
    const aliases = thrown.code === "NO_ANCHOR" || thrown.code === "TOO_MANY_ALIASES";
    if (!aliases) throw refuse(thrown.offset, thrown.code);
    throw wrongValue(
      placeAt(thrown.offset),
      `aliases of anchors that are there, ${maxAliases} uses at most`,
      told(quote("others")),
    );
  }
}
