/** Slots at first; a power of two. */
const firstSlots = 1 << 12;

/**
 * Where ids were seen, by 64 bits of their hash: 12 bytes each, and as much again that is free. Two ids that
 * fall together are taken for one, so an id may seem to have been elsewhere and was not.
 */
export class KnownIds {
  #high = new Uint32Array(firstSlots);
  #low = new Uint32Array(firstSlots);
  /** One more than the place; 0 for a slot that is free. */
  #places = new Uint32Array(firstSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Where an id was first seen, before now, undefined if nowhere; from then on, it was seen there. */
  see(id: string, place: number): number | undefined {
    if ((this.#size + 1) * 2 > this.#places.length) this.#grow();
    const { high, low } = hashOf(id);
    const slot = this.#slotOf(high, low);
    const known = this.#places[slot] as number;
    if (known > 0) return known - 1;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#places[slot] = place + 1;
    this.#size++;
    return undefined;
  }

  has(id: string): boolean {
    if (this.#size === 0) return false;
    const { high, low } = hashOf(id);
    return (this.#places[this.#slotOf(high, low)] as number) > 0;
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#places.length - 1;
    let slot = low & mask;
    while ((this.#places[slot] as number) > 0 && !(this.#low[slot] === low && this.#high[slot] === high))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [high, low, places] = [this.#high, this.#low, this.#places];
    this.#high = new Uint32Array(places.length * 2);
    this.#low = new Uint32Array(places.length * 2);
    this.#places = new Uint32Array(places.length * 2);
    for (const [i, place] of places.entries()) {
      if (place === 0) continue;
      const slot = this.#slotOf(high[i] as number, low[i] as number);
      this.#high[slot] = high[i] as number;
      this.#low[slot] = low[i] as number;
      this.#places[slot] = place;
    }
  }
}

/** Which of so many equal shares of all ids one belongs to. */
export function shareOf(id: string, shares: number): number {
  return hashOf(id).high % shares;
}

/** Two hashes of one text: FNV-1a of its code units, from two beginnings, mixed as MurmurHash3 ends. */
function hashOf(id: string): { readonly high: number; readonly low: number } {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 15);
  }
  return { high: mixed(a), low: mixed(b ^ (a >>> 7)) };
}

function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
