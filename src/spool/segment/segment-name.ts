/**
 * Names of the files in an instance's folder. A name is a file's whole state; only `rename` and `unlink`
 * change it, so there is no ledger that could disagree with the files.
 *
 *     <id>.<writer>.open      being written, by the thread that holds `live.<writer>.sock`
 *     <id>.seg                sealed
 *     <id>.a2.seg             sealed, encoding was begun twice
 *     <id>.a1.p17.seg         … once, and the first 17 of what it holds were delivered one by one
 *     <id>.<digest>.body      frozen bytes to upload; digest = first 16 hex digits of their SHA-256
 *     <id>.<writer>.tmp       half-made file of that thread; garbage once the thread is gone
 *
 * Segment ids sort by time of creation, so the order of names is the order of age.
 */
export type SegmentFileName =
  | { readonly state: "open"; readonly id: string; readonly writer: string }
  | { readonly state: "sealed"; readonly id: string; readonly attempts: number; readonly progress: number }
  | { readonly state: "body"; readonly id: string; readonly digest: string }
  | { readonly state: "temporary"; readonly id: string; readonly writer: string };

const pattern =
  /^([0-9a-f]{32})(?:\.([0-9a-f]{8})\.(open|tmp)|(?:\.a([1-9][0-9]{0,8}))?(?:\.p([1-9][0-9]{0,9}))?\.seg|\.([0-9a-f]{16})\.body)$/;

/** What a name says, or undefined if it is not one of ours. */
export function parseSegmentName(name: string): SegmentFileName | undefined {
  const match = pattern.exec(name);
  if (match === null) return undefined;
  const [, id = "", writer, kind, attempts, progress, digest] = match;
  if (writer !== undefined) return { state: kind === "open" ? "open" : "temporary", id, writer };
  if (digest !== undefined) return { state: "body", id, digest };
  return { state: "sealed", id, attempts: Number(attempts ?? 0), progress: Number(progress ?? 0) };
}

/** Name of a segment that `writer` appends to. */
export function openName(id: string, writer: string): string {
  return `${id}.${writer}.open`;
}

/** Name of a sealed segment that was tried `attempts` times, and of which `progress` parts are delivered. */
export function sealedName(id: string, attempts: number, progress = 0): string {
  return `${id}${attempts === 0 ? "" : `.a${attempts}`}${progress === 0 ? "" : `.p${progress}`}.seg`;
}

/** Name of the frozen bytes with this SHA-256. */
export function bodyName(id: string, sha256: string): string {
  return `${id}.${sha256.slice(0, 16)}.body`;
}

/** Name of a file that `writer` is still making. */
export function temporaryName(id: string, writer: string): string {
  return `${id}.${writer}.tmp`;
}
