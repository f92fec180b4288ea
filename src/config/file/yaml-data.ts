import type { Alias, Document, ParsedNode, Pair, YAMLMap } from "yaml";

/**
 * A parsed document as plain data, in time and memory that grow with its text: each node is turned once, and
 * an alias is the very object of its anchor, so aliases of aliases ("a billion laughs") stay as small as they
 * are written.
 */
export interface YamlData {
  readonly data: unknown;
  /** The pair with a key in a map, or in the map that an alias stands for. */
  pair(node: unknown, key: string): Pair | undefined;
}

/** What is wrong with a document, and at which character. */
export class YamlDataError extends Error {
  readonly code: string;
  readonly offset: number;

  constructor(code: string, offset: number) {
    super(code);
    this.code = code;
    this.offset = offset;
  }
}

/** Of one document: far more than a person writes, and few enough to look each up. */
export const maxAliases = 100;
/** Lists and mappings in one another. */
export const maxDepth = 100;

type Library = Pick<typeof import("yaml"), "isAlias" | "isMap" | "isPair" | "isScalar" | "isSeq">;

/**
 * Throws {@link YamlDataError}: a key twice, an alias without anchor before it, too many aliases, too many
 * levels. What is written as a number is text if `isText` says so.
 */
export function readYamlData(
  document: Document.Parsed,
  library: Library,
  isText: (source: string) => boolean,
): YamlData {
  const reading = new Reading(library, isText);
  const data = reading.turn(document.contents, 0);
  return { data, pair: (node, key) => reading.pair(node, key) };
}

class Reading {
  readonly #library: Library;
  readonly #isText: (source: string) => boolean;
  /** By name, the nearest anchor so far. */
  readonly #anchors = new Map<string, unknown>();
  readonly #meant = new Map<Alias, unknown>();
  readonly #turned = new Map<unknown, unknown>();
  readonly #indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(library: Library, isText: (source: string) => boolean) {
    this.#library = library;
    this.#isText = isText;
  }

  pair(node: unknown, key: string): Pair | undefined {
    const map = this.#library.isAlias(node) ? this.#meant.get(node) : node;
    return this.#library.isMap(map) ? this.#indexes.get(map)?.get(key) : undefined;
  }

  turn(node: unknown, depth: number): unknown {
    const { isAlias, isMap, isPair, isScalar, isSeq } = this.#library;
    if (depth > maxDepth) throw new YamlDataError("TOO_DEEP", offsetOf(node));
    if (isAlias(node)) return this.#turnAlias(node);
    const { anchor } = (node ?? {}) as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (isScalar(node)) return this.#keep(node, this.#scalar(node.value, node.source));
    if (isMap(node)) return this.#turnMap(node, depth);
    if (!isSeq(node)) return null;
    const list: unknown[] = [];
    this.#turned.set(node, list);
    for (const item of node.items) {
      list.push(
        isPair(item)
          ? { [this.#nameOf(item.key) ?? ""]: this.turn(item.value, depth + 1) }
          : this.turn(item, depth + 1),
      );
    }
    return list;
  }

  #scalar(value: unknown, source: string | undefined): unknown {
    return typeof value === "number" && source !== undefined && this.#isText(source) ? source : value;
  }

  #keep(node: unknown, value: unknown): unknown {
    this.#turned.set(node, value);
    return value;
  }

  #turnAlias(node: Alias): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined || this.#meant.size >= maxAliases) {
      throw new YamlDataError(target === undefined ? "NO_ANCHOR" : "TOO_MANY_ALIASES", offsetOf(node));
    }
    this.#meant.set(node, target);
    return this.#turned.get(target);
  }

  #turnMap(map: YAMLMap, depth: number): object {
    const fields = new Map<string, unknown>();
    const index = new Map<string, Pair>();
    const merged: unknown[] = [];
    const object: Record<string, unknown> = {};
    this.#keep(map, object);
    this.#indexes.set(map, index);
    for (const pair of map.items) {
      const name = this.#nameOf(pair.key);
      // A list or a mapping as a key: nothing here has such a name. Its anchors count all the same.
      if (name === undefined) this.turn(pair.key, depth + 1);
      const value = this.turn(pair.value, depth + 1);
      if (name === undefined) continue;
      if (this.#isMergeKey(pair.key)) {
        merged.push(...[value].flat());
        continue;
      }
      if (index.has(name)) throw new YamlDataError("DUPLICATE_KEY", offsetOf(pair.key));
      index.set(name, pair);
      fields.set(name, value);
    }
    for (const source of merged) {
      if (typeof source !== "object" || source === null)
        throw new YamlDataError("NO_MAPPING_TO_MERGE", offsetOf(map));
      for (const [name, value] of Object.entries(source)) if (!fields.has(name)) fields.set(name, value);
    }
    // No assignment: it would take `__proto__` for what it is not.
    for (const [name, value] of fields) {
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return object;
  }

  #isMergeKey(key: unknown): boolean {
    return this.#library.isScalar(key) && typeof key.value === "symbol";
  }

  /** A key as an object of JavaScript has it; undefined if it is not one text, number or the like. */
  #nameOf(key: unknown): string | undefined {
    const { isAlias, isScalar } = this.#library;
    const node = isAlias(key) ? (this.#turnAlias(key), this.#meant.get(key)) : key;
    if (!isScalar(node)) return node === null ? "" : undefined;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    const value = this.#scalar(node.value, node.source);
    this.#keep(node, value);
    return value === null ? "" : String(value);
  }
}

function offsetOf(node: unknown): number {
  return (node as Partial<ParsedNode> | null)?.range?.[0] ?? 0;
}
