/**
 * A collection's decision about a request; a list, because there are few and every request makes one. A class
 * for the reason that a snapshot is one: see `snapshot.ts`.
 */
export class Decision {
  readonly collection: string;
  sampled: boolean;
  readonly next: Decision | undefined;

  constructor(collection: string, sampled: boolean, next: Decision | undefined) {
    this.collection = collection;
    this.sampled = sampled;
    this.next = next;
  }
}

/** The list with a decision more, or with the collection's former one changed. */
export function decided(list: Decision | undefined, collection: string, sampled: boolean): Decision {
  for (let decision = list; decision; decision = decision.next) {
    if (decision.collection !== collection) continue;
    decision.sampled = sampled;
    return list as Decision;
  }
  return new Decision(collection, sampled, list);
}

/** The decisions by collection. */
export function decisionsOf(list: Decision | undefined): Map<string, boolean> {
  const sampled = new Map<string, boolean>();
  for (let decision = list; decision; decision = decision.next) {
    sampled.set(decision.collection, decision.sampled);
  }
  return sampled;
}
