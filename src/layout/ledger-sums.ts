import type { Amount, CountsEntry, LedgerEntry, ProcessEntry } from "./ledger-entry.ts";

type Sum = [frames: number, rows: number, bytes: number];

/** What all entries of an instance, hour and collection come to. */
export interface CountsSum {
  readonly instance: string;
  readonly hour: string;
  readonly span?: "day";
  readonly collection: string;
  readonly offered: Sum;
  readonly sampledOut: Sum;
  readonly disabled: Sum;
  readonly recalled: Sum;
  readonly delivered: Sum;
  /** By reason. */
  readonly dropped: Map<string, Sum>;
  /** By segment. */
  readonly files: Map<string, Amount>;
  /** By segment and record. */
  readonly lost: Map<string, readonly [reason: string, ...Amount]>;
}

/** Adds entries up, whatever order they come in. */
export class LedgerSums {
  readonly #counts = new Map<string, CountsSum>();
  readonly #processes = new Map<string, ProcessEntry[]>();

  /** The counts, in the order in which they first came. */
  get counts(): Iterable<CountsSum> {
    return this.#counts.values();
  }

  /** What each process told of itself, by instance. */
  get processes(): ReadonlyMap<string, readonly ProcessEntry[]> {
    return this.#processes;
  }

  add(entry: LedgerEntry): void {
    if (entry.kind === "process") {
      const known = this.#processes.get(entry.instance);
      if (known === undefined) this.#processes.set(entry.instance, [entry]);
      else known.push(entry);
      return;
    }
    const sum = this.#sumOf(entry);
    for (const name of ["offered", "sampledOut", "disabled", "recalled", "delivered"] as const)
      more(sum[name], entry[name]);
    for (const [reason, amount] of Object.entries(entry.dropped ?? {})) more(droppedFor(sum, reason), amount);
    for (const [segment, amount] of Object.entries(entry.files ?? {})) sum.files.set(segment, amount);
    for (const [record, fate] of Object.entries(entry.lost ?? {})) sum.lost.set(record, fate);
  }

  #sumOf({ instance, hour, span, collection }: CountsEntry): CountsSum {
    const key = `${instance}\n${hour}\n${span ?? "hour"}\n${collection}`;
    let sum = this.#counts.get(key);
    if (sum === undefined) {
      const left = { sampledOut: zero(), disabled: zero(), recalled: zero() };
      const amounts = { offered: zero(), ...left, delivered: zero() };
      const named = { dropped: new Map(), files: new Map(), lost: new Map() };
      const time = span === undefined ? { hour } : { hour, span };
      sum = { instance, ...time, collection, ...amounts, ...named };
      this.#counts.set(key, sum);
    }
    return sum;
  }
}

/** Counts what was told by segment with the rest: nobody will tell it again. */
export function settle(sum: CountsSum): void {
  for (const amount of sum.files.values()) more(sum.delivered, amount);
  for (const [reason, ...amount] of sum.lost.values()) more(droppedFor(sum, reason), amount);
  sum.files.clear();
  sum.lost.clear();
}

function droppedFor(sum: CountsSum, reason: string): Sum {
  let amount = sum.dropped.get(reason);
  if (amount === undefined) sum.dropped.set(reason, (amount = zero()));
  return amount;
}

function more(sum: Sum, amount: Amount | undefined): void {
  if (amount === undefined) return;
  sum[0] += amount[0];
  sum[1] += amount[1];
  sum[2] += amount[2] ?? 0;
}

function zero(): Sum {
  return [0, 0, 0];
}
