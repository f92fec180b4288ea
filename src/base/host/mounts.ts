import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Where the system says what is mounted where: `proc_pid_mountinfo(5)`; the fifth field is the mount point,
 * in which blanks, tabs, line ends and backslashes are three octal digits, and the kind of file system stands
 * behind the field `-`. Linux only.
 */
const mountInfo = "/proc/self/mountinfo";

/** A file system in its place. */
export interface Mount {
  /** The folder, or file, that it is mounted at. */
  readonly point: string;
  /** What the system calls it: `ext4`, `tmpfs`, `nfs4`. */
  readonly kind: string;
}

/**
 * True if the file itself, and not a folder above it, is mounted: then another file that takes its place
 * outside is never seen. A path that leads there by links counts. False where the system does not say.
 */
export function isMountedAlone(path: string, info: string = mountInfo): boolean {
  try {
    const real = realpathSync(path);
    return readMounts(info).some(({ point }) => point === real);
  } catch {
    return false;
  }
}

/**
 * The file system that a path is on, or would be: of one that is not there that of the nearest folder above.
 * Undefined where the system does not say.
 */
export function mountOf(path: string, info: string = mountInfo): Mount | undefined {
  try {
    const real = nearestReal(path);
    const above = readMounts(info).filter(
      ({ point }) => real === point || real.startsWith(point.endsWith("/") ? point : `${point}/`),
    );
    // What is mounted later at the same place lies on top.
    return above.reduce<Mount | undefined>(
      (deepest, mount) => (mount.point.length >= (deepest?.point.length ?? 0) ? mount : deepest),
      undefined,
    );
  } catch {
    return undefined;
  }
}

function nearestReal(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    const above = dirname(path);
    if (above === path) throw thrown;
    return nearestReal(above);
  }
}

function readMounts(info: string): Mount[] {
  const lines = readFileSync(info, "utf8").split("\n");
  return lines.flatMap((line) => {
    const fields = line.split(" ");
    const kind = fields[fields.indexOf("-") + 1];
    const point = fields[4];
    return point === undefined || kind === undefined ? [] : [{ point: unescaped(point), kind }];
  });
}

function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
