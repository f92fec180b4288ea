import { quote } from "../base/errors.ts";
import { isWellFormed } from "../base/well-formed.ts";
import { partitionKeys } from "./partition.ts";
import { systemPrefix } from "./system-columns.ts";

/** UTF-8 bytes that a column's name may have. */
const maxNameBytes = 1024;
const tooLong = `the name is longer than ${maxNameBytes} bytes: shorten it`;

const reserved = new RegExp(`^(${systemPrefix}.*|${partitionKeys.join("|")})$`, "is");

/**
 * What is wrong with the names of a frame's columns, with what to do about it; undefined when nothing is.
 * Engines tell names apart only without regard to case, take a dot for nesting, and take partition keys for
 * columns, so such names are refused here rather than misread there.
 */
export function namesProblem(names: readonly string[]): string | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== undefined) return `column ${quote(name)}: ${problem}`;
    const key = columnKey(name);
    const other = seen.get(key);
    if (other === name) return `column ${quote(name)} occurs twice: rename one`;
    if (other !== undefined) {
      return `columns ${quote(other)} and ${quote(name)} differ only in case, which many engines ignore: rename one`;
    }
    seen.set(key, name);
  }
  return undefined;
}

/** What engines tell columns apart by: names that differ only in case are one. */
export function columnKey(name: string): string {
  return name.toLowerCase();
}

/** What is wrong with one name, and what to do; undefined when nothing is. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "the name is empty: give it one";
  // Before anything looks through it.
  if (name.length > maxNameBytes) return tooLong;
  if (reserved.test(name))
    return `the name is reserved (${systemPrefix}…, ${partitionKeys.join(", ")}): rename it`;
  if (name.includes("."))
    return 'the name contains ".", which engines read as nesting: rename it, for example with "_"';
  if (name.includes("\0")) return "the name contains a NUL character: rename it";
  if (!isWellFormed(name)) return "the name contains a lone surrogate, which UTF-8 cannot hold: rename it";
  if (Buffer.byteLength(name) > maxNameBytes) return tooLong;
  return undefined;
}

/**
 * Remembers lists of names that were found good, so that the next frame of the same shape costs a comparison.
 * Bounded: a shape that hashes to the same slot takes it over.
 */
export class NamesCache {
  readonly #slots: (readonly string[] | undefined)[] = new Array(64).fill(undefined);

  /** A frozen copy of `names` when they are good, or what is wrong with them. */
  check(names: readonly string[]): readonly string[] | { readonly problem: string } {
    const slot = slotOf(names);
    const known = this.#slots[slot];
    if (known !== undefined && sameNames(known, names)) return known;
    const problem = namesProblem(names);
    if (problem !== undefined) return { problem };
    const copy = Object.freeze(names.slice());
    if (copy.length <= 4096) this.#slots[slot] = copy;
    return copy;
  }
}

/** True when both have the same names in the same order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function slotOf(names: readonly string[]): number {
  const length = names.length;
  if (length === 0) return 0;
  const first = names[0] as string;
  const last = names[length - 1] as string;
  return (length * 31 + first.length * 7 + first.charCodeAt(0) * 3 + last.length + last.charCodeAt(0)) & 63;
}
