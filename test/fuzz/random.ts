/** Numbers that look random and are the same for a seed. */
export interface Random {
  /** A whole number from 0 to before `below`. */
  (below: number): number;
}

/** The 32-bit generator "mulberry32". */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One of them. */
export function oneOf<T>(random: Random, all: readonly T[]): T {
  return all[random(all.length)] as T;
}
