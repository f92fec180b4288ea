import { readFileSync, realpathSync } from "node:fs";

/**
 * Where the system says what is mounted where: `proc_pid_mountinfo(5)`; the fifth field is the mount point,
 * in which blanks, tabs, line ends and backslashes are three octal digits. Linux only.
 */
const mountInfo = "/proc/self/mountinfo";

/**
 * True if the file itself, and not a folder above it, is mounted: then another file that takes its place
 * outside is never seen. A path that leads there by links counts. False where the system does not say.
 */
export function isMountedAlone(path: string, info: string = mountInfo): boolean {
  try {
    const real = realpathSync(path);
    return readFileSync(info, "utf8")
      .split("\n")
      .some((line) => unescaped(line.split(" ")[4] ?? "") === real);
  } catch {
    return false;
  }
}

function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
