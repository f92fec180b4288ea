import type { ResolvedRule } from "../../../frame/copy/redaction.ts";
import { all, type Key, type Segment } from "../../../config/payload/json-path.ts";

/** What is to be done to the values that a path names. */
export interface PathRule {
  readonly path: readonly Segment[];
  readonly rule: ResolvedRule;
}

/** A path of which a beginning has been followed: what is left of it. */
interface Rest {
  readonly id: number;
  readonly segment: Segment;
  /** Undefined if nothing follows: then the rule holds. */
  readonly next: Rest | undefined;
  readonly ruled: Ruled;
}

interface Ruled {
  readonly id: number;
  readonly rule: ResolvedRule;
}

/** Places that are remembered; there are more only if many paths begin with `..` and go on. */
const maxPlaces = 4_096;

/**
 * All that paths say of where a value stands: what is to be done to it, and what of the values in it. Found
 * once for all values of which the same is said, so that many paths take no longer than one.
 */
export class Place {
  readonly #rests: readonly Rest[];
  readonly #ruled: Ruled | undefined;
  readonly #known: Map<string, Place>;
  /** What the paths call by name or number, and the places of these. */
  readonly #named = new Map<Key, Place | undefined>();
  #other: Place | undefined;

  private constructor(rests: readonly Rest[], ruled: Ruled | undefined, known: Map<string, Place>) {
    this.#rests = rests;
    this.#ruled = ruled;
    this.#known = known;
    for (const { segment } of rests)
      for (const selector of segment.selectors) if (selector !== all) this.#named.set(selector, undefined);
  }

  /** The place of a whole text. */
  static root(rules: readonly PathRule[]): Place {
    const rests: Rest[] = [];
    let ruled: Ruled | undefined;
    let id = 0;
    for (const [i, { path, rule }] of rules.entries()) {
      const own = { id: i, rule };
      let next: Rest | undefined;
      for (const segment of path.toReversed()) next = { id: id++, segment, next, ruled: own };
      if (next === undefined) ruled = stricter(ruled, own);
      else rests.push(next);
    }
    return new Place(rests, ruled, new Map());
  }

  /** What is to be done to a value here, when what is in it is done. */
  get rule(): ResolvedRule | undefined {
    return this.#ruled?.rule;
  }

  /** True if nothing is said of what is in a value here. */
  get isEnd(): boolean {
    return this.#rests.length === 0;
  }

  /** The place of a member or an element. */
  below(key: Key): Place {
    const isNamed = this.#named.has(key);
    const known = isNamed ? this.#named.get(key) : this.#other;
    if (known !== undefined) return known;
    const place = this.#follow(isNamed ? key : undefined);
    if (this.#known.size >= maxPlaces) return place;
    if (isNamed) this.#named.set(key, place);
    else this.#other = place;
    return place;
  }

  /** @param key undefined for one that no path names. */
  #follow(key: Key | undefined): Place {
    const rests = new Map<number, Rest>();
    let ruled: Ruled | undefined;
    for (const rest of this.#rests) {
      const { selectors, isDescendant } = rest.segment;
      if (isDescendant) rests.set(rest.id, rest);
      if (!selectors.includes(all) && (key === undefined || !selectors.includes(key))) continue;
      if (rest.next === undefined) ruled = stricter(ruled, rest.ruled);
      else rests.set(rest.next.id, rest.next);
    }
    const ids = [...rests.keys()].toSorted((a, b) => a - b);
    const name = `${ids.join()} ${ruled?.id ?? ""}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const place = new Place([...rests.values()], ruled, this.#known);
    if (this.#known.size < maxPlaces) this.#known.set(name, place);
    return place;
  }
}

function stricter(known: Ruled | undefined, other: Ruled): Ruled {
  return known !== undefined && (known.rule.leaves ?? 0) <= (other.rule.leaves ?? 0) ? known : other;
}
