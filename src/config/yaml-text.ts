import { createRequire } from "node:module";
import { wrongValue } from "../base/errors.ts";
import type { Place } from "./fields.ts";

/** A YAML document (JSON is one too) as plain data, which knows the line of each of its parts. */
export interface YamlText {
  readonly data: unknown;
  /** How the part at a path of keys is called in messages: `deployment.yml:7: data_collector.sampling_rate`. */
  where(...path: readonly string[]): string;
  /** The part at a path, as a place whose fields have lines of their own. */
  place(...path: readonly string[]): Place;
}

/**
 * Reads one document of YAML 1.2; `name` is what the file is called in messages. Throws a `RangeError` with the line of what is no YAML,
 * of a key that is there twice, or of a second document; and for aliases of no anchor or of too many. No message ever quotes a line: it may hold a secret.
 */
export function readYaml(text: string, name: string): YamlText {
  const { isAlias, isMap, isScalar, LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) {
    throw wrongValue(`${name}:${lineAt(error.pos[0])}`, "one YAML document", error.code);
  }

  /** The line of the last key on the path that is there; 1 when none is. */
  function lineOf(path: readonly string[]): number {
    let node: unknown = document.contents;
    let line = 1;
    for (const key of path) {
      const map = isAlias(node) ? node.resolve(document) : node;
      if (!isMap(map)) break;
      const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) line = lineAt(pair.key.range[0]);
      node = pair.value;
    }
    return line;
  }

  const where = (...path: readonly string[]): string =>
    `${name}:${lineOf(path)}${path.length === 0 ? "" : `: ${path.join(".")}`}`;
  return {
    data: plainData(() => document.toJS({ maxAliasCount }), name),
    where,
    place: (...path) => ({ whole: where(...path), field: (key) => where(...path, key) }),
  };
}

/** Aliases of aliases grow without bound ("a billion laughs"). */
const maxAliasCount = 100;

function plainData(read: () => unknown, name: string): unknown {
  try {
    return read();
  } catch {
    throw wrongValue(name, `aliases of anchors that are there, ${maxAliasCount} uses at most`, "others");
  }
}

const require = createRequire(import.meta.url);

/** Loaded when the first file is read: most deployments have none. */
function yaml(): typeof import("yaml") {
  return require("yaml") as typeof import("yaml");
}
