import { join } from "node:path";
import { addCounts, type Counts, noCounts, onlyCounts } from "../../base/counts.ts";
import { onNextTurn } from "../../base/time/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { errorCode, type FileSystem, removeFile } from "../../base/files/file-system.ts";
import { verifyBody } from "../frozen-body.ts";
import { closeQuietly, createOpenSegmentFile, footer } from "../open-segment-file.ts";
import type { Quarantine } from "../quarantine.ts";
import type { SegmentHeader, Totals } from "../segment/segment-format.ts";
import { parseSegmentName, sealedName, type SegmentFileName } from "../segment/segment-name.ts";
import {
  readSegmentHeader,
  type ScanEnd,
  type ScanItem,
  type ScannedFile,
  scanRecords,
  scanZeros,
} from "../segment/segment-scan.ts";
import type { SealedSegment, SpoolLoss } from "../sealed-segments.ts";

/** What recovery needs of the spool that does it. */
export interface RecoveryContext {
  readonly fileSystem: FileSystem;
  readonly quarantine: Quarantine;
  /** A new path in the folder for a half-made file of this thread. */
  temporary(): string;
  /** True if the thread that a file's name states may still be writing it. */
  isWriterAlive(writer: string): Promise<boolean>;
  /** True if this spool has the segment already. */
  isKnown(id: string): boolean;
  /** True if the record is in another segment already. */
  isRepeated(instance: string, sequence: number): boolean;
  /** These records are now in a sealed segment. */
  recovered(instance: string, sequences: Iterable<number>): void;
  onLoss(loss: SpoolLoss): void;
  /** This file could not be dealt with now, or - undefined - the whole folder. */
  onLeft(name: string | undefined): void;
}

/** A segment found, with the name of its frozen bytes if there are any, and how often encoding it was begun. */
export interface Found {
  readonly segment: SealedSegment;
  readonly name: string;
  readonly body: string | undefined;
  readonly attempts: number;
}

interface Candidate {
  readonly name: string;
  readonly parsed: Extract<SegmentFileName, { state: "open" | "sealed" }>;
  readonly body: string | undefined;
}

/**
 * Brings every segment in one folder into the sealed state, oldest first, one at a time. Whatever the bytes and whatever
 * the disk does, it ends and does not throw: a file that cannot be dealt with now is left for the next time. Then it can be told
 * to look at the files of these names only, `wanted`.
 */
export async function* recoverFolder(
  context: RecoveryContext,
  directory: string,
  recovered: boolean,
  wanted?: ReadonlySet<string>,
): AsyncGenerator<Found, void, undefined> {
  let candidates: readonly Candidate[] = [];
  try {
    candidates = await candidatesIn(context, directory, wanted);
  } catch (error) {
    context.onLeft(undefined);
    lost(context, "corrupt", noCounts, `${directory} is left for later: ${messageOf(error)}`);
  }
  for (const candidate of candidates) {
    try {
      const found = await recoverFile(context, directory, candidate, recovered);
      if (found !== undefined) yield found;
    } catch (error) {
      if (errorCode(error) === "ENOENT") continue;
      context.onLeft(candidate.name);
      lost(context, "corrupt", noCounts, `${candidate.name} is left for later: ${messageOf(error)}`);
    }
  }
}

/** Files to look at: first those whose records count as the originals when others repeat them. Sweeps garbage. */
async function candidatesIn(
  context: RecoveryContext,
  directory: string,
  wanted: ReadonlySet<string> | undefined,
): Promise<Candidate[]> {
  const { fileSystem } = context;
  const names = fileSystem.list(directory).sort();
  const alive = new Map<string, boolean>();
  const isAlive = async (writer: string): Promise<boolean> => {
    const known = alive.get(writer) ?? (await context.isWriterAlive(writer));
    alive.set(writer, known);
    return known;
  };
  const bodies = new Map<string, string>();
  const segments: { name: string; parsed: Candidate["parsed"] }[] = [];
  for (const name of names) {
    const parsed = parseSegmentName(name);
    if (parsed === undefined || context.isKnown(parsed.id)) continue;
    if (parsed.state === "body") bodies.set(parsed.id, name);
    else if (wanted !== undefined && !wanted.has(name)) continue;
    else if (parsed.state === "sealed" || !(await isAlive(parsed.writer))) {
      if (parsed.state === "temporary") removeFile(fileSystem, join(directory, name));
      else segments.push({ name, parsed });
    } else if (parsed.state === "open") context.onLeft(name);
  }
  dropAliases(fileSystem, directory, segments);
  const candidates = segments.map(({ name, parsed }) => ({ name, parsed, body: bodies.get(parsed.id) }));
  for (const { parsed } of candidates) bodies.delete(parsed.id);
  // A released segment goes first and its bytes second, so bytes alone were delivered.
  if (wanted === undefined) for (const name of bodies.values()) removeFile(fileSystem, join(directory, name));
  const rank = ({ parsed, body }: Candidate): number =>
    body !== undefined ? 0 : parsed.state === "sealed" ? 1 : 2;
  return candidates.sort((a, b) => rank(a) - rank(b) || (a.parsed.id < b.parsed.id ? -1 : 1));
}

/** A rename that a power cut left half done leaves one file under two names: the later one counts. */
function dropAliases(
  fileSystem: FileSystem,
  directory: string,
  segments: { name: string; parsed: Candidate["parsed"] }[],
): void {
  const newest = new Map<string, (typeof segments)[number]>();
  const age = ({ parsed }: (typeof segments)[number]): number =>
    parsed.state === "open" ? -1 : parsed.attempts;
  for (const segment of [...segments].sort((a, b) => age(b) - age(a))) {
    const first = newest.get(segment.parsed.id);
    if (first === undefined) {
      newest.set(segment.parsed.id, segment);
      continue;
    }
    const [path, kept] = [segment, first].map(({ name }) => join(directory, name));
    if (path === undefined || kept === undefined) continue;
    if (fileSystem.lstat(path)?.ino !== fileSystem.lstat(kept)?.ino) continue;
    if (removeFile(fileSystem, path)) segments.splice(segments.indexOf(segment), 1);
  }
}

async function recoverFile(
  context: RecoveryContext,
  directory: string,
  candidate: Candidate,
  recovered: boolean,
): Promise<Found | undefined> {
  const { fileSystem } = context;
  const { name, parsed } = candidate;
  const path = join(directory, name);
  const stat = fileSystem.lstat(path);
  if (stat === undefined) return undefined;
  if (stat.kind !== "file" || (fileSystem.uid !== undefined && stat.uid !== fileSystem.uid)) {
    lost(context, "corrupt", noCounts, `${name} is left alone: it is not a file of this user`);
    return undefined;
  }
  const fd = fileSystem.open(path, parsed.state === "open" ? "update" : "read");
  try {
    const file: ScannedFile = { fileSystem, fd, size: fileSystem.stat(fd).size };
    const head = readSegmentHeader(file);
    if (head.status === "unknown") {
      lost(context, "corrupt", noCounts, `${name} is left alone: it is of a later version of the format`);
      return undefined;
    }
    if (head.status !== "ok" || head.header.id !== parsed.id) {
      if (head.status !== "ok" && (await run(scanZeros(file), () => {}))) {
        if (parsed.state === "sealed")
          lost(context, "corrupt", noCounts, `${name} was sealed and is empty now`);
        fileSystem.unlink(path);
        return undefined;
      }
      const why = head.status === "ok" ? `is a copy of segment ${head.header.id}` : "has no readable header";
      context.quarantine.take(path, {
        id: parsed.id,
        label: undefined,
        reason: "unreadable",
        counts: noCounts,
      });
      lost(context, "corrupt", noCounts, `${name} ${why}; it is in quarantine`);
      return undefined;
    }
    return await settle(context, { directory, path, file, candidate, header: head.header, recovered });
  } finally {
    closeQuietly(fileSystem, fd);
  }
}

interface Subject {
  readonly directory: string;
  readonly path: string;
  readonly file: ScannedFile;
  readonly candidate: Candidate;
  readonly header: SegmentHeader;
  readonly recovered: boolean;
}

async function settle(context: RecoveryContext, subject: Subject): Promise<Found | undefined> {
  const { fileSystem } = context;
  const { directory, path, file, candidate, header, recovered } = subject;
  const { parsed, body } = candidate;
  const kept = new Set<number>();
  let counts = noCounts;
  let repeated = 0;
  const damages: { lost: Totals; detail: string }[] = [];
  const end = await run(scanRecords(file, header, "none"), (item) => {
    if (item.kind === "damage") damages.push(item);
    if (item.kind !== "record") return;
    const { sequence } = item.header;
    if (kept.has(sequence) || context.isRepeated(header.instance, sequence)) repeated++;
    else {
      kept.add(sequence);
      counts = addCounts(counts, item.header.counts);
    }
  });
  const facts = { id: header.id, directory, label: header.label, createdAt: header.createdAt, recovered };
  const attempts = parsed.state === "sealed" ? parsed.attempts : 0;

  const intact = damages.length === 0 && end.complete;
  if (body !== undefined && (intact || verifyBody(fileSystem, directory, header.id, body) !== undefined)) {
    // Its bytes were complete when they were frozen, and those are what is delivered.
    context.recovered(header.instance, kept);
    return {
      segment: { ...facts, size: file.size, counts: onlyCounts(end.complete ? end.totals : counts) },
      name: candidate.name,
      body,
      attempts,
    };
  }
  if (body !== undefined) removeFile(fileSystem, join(directory, body));

  const name = sealedName(header.id, attempts);
  const target = join(directory, name);
  let size = file.size;
  if (damages.length === 0 && kept.size === 0) fileSystem.unlink(path);
  else if (damages.length > 0 || repeated > 0) {
    const note = { id: header.id, label: header.label, reason: "corrupt", counts };
    if (damages.length > 0) context.quarantine.take(path, note, { copy: true });
    if (kept.size === 0) fileSystem.unlink(path);
    else size = rewrite(context, subject, kept, target);
  } else if (parsed.state === "open") {
    size = sealInPlace(fileSystem, file, header, end);
    fileSystem.rename(path, target);
    fileSystem.syncDirectory(directory);
  }
  context.recovered(header.instance, kept);
  for (const { lost: counted, detail } of damages)
    lost(context, "corrupt", counted, `${candidate.name}: ${detail}`);
  if (end.tornBytes > 0)
    lost(context, "torn", noCounts, `${candidate.name}: ${end.tornBytes} bytes at the end are no record`);
  if (kept.size === 0) return undefined;
  return { segment: { ...facts, size, counts }, name, body: undefined, attempts };
}

/** Cuts a torn tail off and writes the footer, or does without if there is no room for it. */
function sealInPlace(
  fileSystem: FileSystem,
  { fd }: ScannedFile,
  header: SegmentHeader,
  end: ScanEnd,
): number {
  fileSystem.truncate(fd, end.end);
  let size = end.end;
  try {
    const parts = footer(header, end.end, end.totals, end.lastSequence);
    fileSystem.write(fd, parts, end.end);
    size += parts.reduce((sum, part) => sum + part.length, 0);
  } catch {
    fileSystem.truncate(fd, end.end);
  }
  fileSystem.datasync(fd);
  return size;
}

/** Writes the kept records alone into a new file under the segment's sealed name; its header stays the same. */
function rewrite(
  context: RecoveryContext,
  subject: Subject,
  kept: ReadonlySet<number>,
  target: string,
): number {
  const { fileSystem } = context;
  const { directory, path, file, header } = subject;
  const temporary = context.temporary();
  const copy = createOpenSegmentFile({
    fileSystem,
    path: temporary,
    temporary: context.temporary(),
    id: header.id,
    instance: header.instance,
    label: header.label,
    now: header.createdAt,
  });
  try {
    const left = new Set(kept);
    for (const item of scanRecords(file, header, "lent")) {
      // The first of two records of one number is the one that was counted.
      if (item.kind !== "record" || item.bytes === undefined || !left.delete(item.header.sequence)) continue;
      copy.append(item.bytes, item.header.counts, item.header.sequence, header.createdAt);
    }
    copy.seal(target);
    if (path !== target) fileSystem.unlink(path);
    fileSystem.syncDirectory(directory);
    return copy.size;
  } catch (error) {
    removeFile(fileSystem, temporary);
    throw error;
  } finally {
    copy.close();
  }
}

/** Drives a scan, letting the event loop turn at its pauses. */
async function run<T>(scan: Generator<ScanItem, T, undefined>, onItem: (item: ScanItem) => void): Promise<T> {
  for (;;) {
    const step = scan.next();
    if (step.done === true) return step.value;
    if (step.value.kind === "pause") await new Promise<void>((resolve) => onNextTurn(resolve));
    else onItem(step.value);
  }
}

function lost(context: RecoveryContext, reason: SpoolLoss["reason"], counts: Counts, detail: string): void {
  try {
    context.onLoss({ reason, ...onlyCounts(counts), detail });
  } catch {
    // A listener's fault must not keep the other segments from being delivered.
  }
}
