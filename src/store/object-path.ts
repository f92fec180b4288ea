import { told, wrongKind, wrongValue } from "../base/errors.ts";

/**
 * The grammar of object paths: segments of `[A-Za-z0-9._=%-]`, 1 to 255 characters each, joined by `/`, at
 * most 1,024 in all with the store's own prefix (Azure's limit for blob names, and less than every file
 * system's).
 *
 * A segment that is `.` or `..`, also when percent-decoded however often, is refused, and so are encoded
 * separators and control characters: what one layer stores literally, another (a proxy, a query engine) may
 * decode.
 */
const segmentPattern = /^[A-Za-z0-9._=%-]{1,255}$/;
const maxLength = 1_024;

/** Throws unless `path` is a whole object path. `prefixLength` is what the store itself puts in front. */
export function checkObjectPath(path: string, where: string, prefixLength = 0): void {
  if (typeof path !== "string") throw wrongKind(where, "an object path", path);
  if (path.length === 0 || path.length + prefixLength > maxLength) {
    throw wrongValue(where, `an object path of 1 to ${maxLength - prefixLength} characters`, path);
  }
  for (const segment of path.split("/")) {
    if (!isSafeSegment(segment)) {
      throw wrongValue(where, "an object path of [A-Za-z0-9._=%-] segments without . or ..", path);
    }
  }
}

/** True if {@link checkObjectPath} would not throw. */
export function isObjectPath(path: string, prefixLength = 0): boolean {
  return path.length > 0 && path.length + prefixLength <= maxLength && path.split("/").every(isSafeSegment);
}

/**
 * Throws unless some object path could start with `prefix`; the last segment may be cut anywhere, or empty.
 */
export function checkListPrefix(prefix: string, where: string): void {
  if (typeof prefix !== "string") throw wrongKind(where, "a path prefix", prefix);
  const segments = prefix.split("/");
  const last = segments.pop() ?? "";
  const lastIsFine = last === "" || last === "." || last === ".." || isSafeSegment(last);
  if (prefix.length > maxLength || !lastIsFine || !segments.every(isSafeSegment)) {
    throw wrongValue(where, "a path prefix of [A-Za-z0-9._=%-] segments without . or ..", prefix);
  }
}

/** Throws unless this is the path of a folder: empty, or with a slash at its end. */
export function checkFolder(folder: string, where: string): void {
  checkListPrefix(folder, where);
  if (folder !== "" && !folder.endsWith("/"))
    throw wrongValue(where, "a folder, which ends in a slash", folder);
}

/** Throws unless `0 <= start <= end` in whole numbers. */
export function checkRange(range: { readonly start: number; readonly end: number }, where: string): void {
  const whole = Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end);
  if (!whole || range.start < 0 || range.end < range.start) {
    throw wrongValue(where, "whole numbers 0 <= start <= end", told(`${range.start} to ${range.end}`));
  }
}

function isSafeSegment(segment: string): boolean {
  if (!segmentPattern.test(segment)) return false;
  // Nearly all: nothing is encoded that could mean something else.
  if (!segment.includes("%")) return segment !== "." && segment !== "..";
  let decoded = segment;
  while (true) {
    if (decoded === "." || decoded === ".." || hasForbidden(decoded)) return false;
    const next = decoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === decoded) return true;
    decoded = next;
  }
}

/** Separators and control characters (0 to 31, 127). */
function hasForbidden(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 127 || code === 0x2f || code === 0x5c) return true;
  }
  return false;
}
