import { join } from "node:path";
import { addCounts, noCounts, onlyCounts } from "../../base/counts.ts";
import { type FileSystem, removeFile } from "../../base/files/file-system.ts";
import { onNextTurn } from "../../base/time/clock.ts";
import { verifyBody } from "../frozen-body.ts";
import { closeQuietly, OpenSegmentFile, footer } from "../open-segment-file.ts";
import type { SealedSegment } from "../sealed-segments.ts";
import type { SegmentHeader, Totals } from "../segment/segment-format.ts";
import { sealedName } from "../segment/segment-name.ts";
import {
  readSegmentHeader,
  type ScanEnd,
  type ScanItem,
  type ScannedFile,
  scanRecords,
  scanZeros,
} from "../segment/segment-scan.ts";
import type { Candidate } from "./recovery-candidates.ts";
import { lost, type RecoveryContext } from "./recovery-context.ts";

/**
 * A segment found, with the name of its frozen bytes if there are any, how often encoding it was begun, and
 * how many of its parts are delivered.
 */
export interface Found {
  readonly segment: SealedSegment;
  readonly name: string;
  readonly body: string | undefined;
  readonly attempts: number;
  readonly progress: number;
}

/**
 * Brings one file into the sealed state; undefined if nothing is left of it to deliver. Throws the system's
 * error.
 */
export async function recoverFile(
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
  const { id, label, createdAt, instance } = header;
  const facts = { id, directory, label, createdAt, instance, recovered };
  const { attempts, progress: delivered } = parsed.state === "sealed" ? parsed : { attempts: 0, progress: 0 };

  const intact = damages.length === 0 && end.complete;
  if (body !== undefined && (intact || verifyBody(fileSystem, directory, header.id, body) !== undefined)) {
    // Its bytes were complete when they were frozen, and those are what is delivered.
    context.recovered(header.instance, kept);
    return {
      segment: { ...facts, size: file.size, counts: onlyCounts(end.complete ? end.totals : counts) },
      name: candidate.name,
      body,
      attempts,
      progress: delivered,
    };
  }
  if (body !== undefined) removeFile(fileSystem, join(directory, body));

  // Where records are left out, the parts are counted anew: rather again than not at all.
  const progress = damages.length === 0 && repeated === 0 ? delivered : 0;
  const name = sealedName(header.id, attempts, progress);
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
  return { segment: { ...facts, size, counts }, name, body: undefined, attempts, progress };
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

/**
 * Writes the kept records alone into a new file under the segment's sealed name; its header stays the same.
 */
function rewrite(
  context: RecoveryContext,
  subject: Subject,
  kept: ReadonlySet<number>,
  target: string,
): number {
  const { fileSystem } = context;
  const { directory, path, file, header } = subject;
  const temporary = context.temporary();
  const copy = new OpenSegmentFile({
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
