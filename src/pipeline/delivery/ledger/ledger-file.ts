import {
  type Amount,
  type CountsEntry,
  type LedgerEntry,
  parseEntries,
  type ProcessEntry,
  writeEntries,
} from "../../../layout/ledger-entry.ts";
import { type CountsSum, LedgerSums, settle } from "../../../layout/ledger-sums.ts";

/**
 * The lines that a segment of the ledger is stored as: its records, of which there may be one a second, added
 * up. What was told by segment loses the segments' names if it was this process that delivered them: nobody
 * will find those in its folder and tell of them again.
 *
 * @param own the instance whose segment it is; undefined if it was left by a process that has died.
 */
export function ledgerFile(records: Iterable<Uint8Array>, own: string | undefined): Uint8Array {
  const sums = new LedgerSums();
  const decoder = new TextDecoder();
  for (const bytes of records) for (const entry of parseEntries(decoder.decode(bytes))) sums.add(entry);
  return new TextEncoder().encode(writeEntries(entriesOf(sums, own)));
}

function* entriesOf(sums: LedgerSums, own: string | undefined): Generator<LedgerEntry, void, undefined> {
  for (const told of sums.processes.values())
    for (const entry of together(told)) yield own === undefined ? { ...entry, recovered: true } : entry;
  for (const sum of sums.counts) {
    if (sum.instance === own) settle(sum);
    yield entryOf(sum);
  }
}

/** Reports that follow each other, as one. */
function together(told: readonly ProcessEntry[]): ProcessEntry[] {
  const lines: ProcessEntry[] = [];
  for (const entry of [...told].sort((a, b) => a.from - b.from)) {
    const last = lines.at(-1);
    if (last?.to === entry.from - 1) lines[lines.length - 1] = { ...entry, from: last.from };
    else lines.push(entry);
  }
  return lines;
}

function entryOf(sum: CountsSum): CountsEntry {
  const { instance, hour, span, collection, dropped, files, lost } = sum;
  const [frames, rows, bytes] = sum.delivered;
  return {
    ...{ kind: "counts", instance, hour },
    ...(span === undefined ? {} : { span }),
    collection,
    ...some("offered", sum.offered),
    ...some("sampledOut", sum.sampledOut),
    ...some("disabled", sum.disabled),
    ...some("recalled", sum.recalled),
    ...(dropped.size === 0
      ? {}
      : { dropped: Object.fromEntries([...dropped].map(([k, [f, r]]) => [k, [f, r]])) }),
    ...(frames === 0 && rows === 0 ? {} : { delivered: [frames, rows, bytes] }),
    ...(files.size === 0 ? {} : { files: Object.fromEntries(files) }),
    ...(lost.size === 0 ? {} : { lost: Object.fromEntries(lost) }),
  };
}

function some(name: string, [frames, rows]: Amount): Record<string, Amount> {
  return frames === 0 && rows === 0 ? {} : { [name]: [frames, rows] };
}
