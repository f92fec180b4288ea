import { join } from "node:path";
import { type FileSystem, removeFile } from "../../base/files/file-system.ts";
import { parseSegmentName, type SegmentFileName } from "../segment/segment-name.ts";
import type { RecoveryContext } from "./recovery-context.ts";

/** The file of a segment that may have to be recovered. */
export interface Candidate {
  readonly name: string;
  readonly parsed: Extract<SegmentFileName, { state: "open" | "sealed" }>;
  /** The name of its frozen bytes, if there are any. */
  readonly body: string | undefined;
}

/**
 * Files to look at: first those whose records count as the originals when others repeat them. Sweeps garbage.
 */
export async function candidatesIn(
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
    } else if (parsed.state === "open" && parsed.writer !== context.nearWriter) context.onLeft(name);
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
    parsed.state === "open" ? -1 : parsed.attempts + parsed.progress;
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
