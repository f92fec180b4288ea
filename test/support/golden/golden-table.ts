import { readFileSync, writeFileSync } from "node:fs";

/** What is held of a file. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Digests by path. */
export type Digests = Readonly<Record<string, Digest>>;

/** What the JSON file beside this one says. */
export interface GoldenTable {
  /** All files, when Parquet pages are not compressed. */
  readonly plain: Digests;
  /** Those that zstd makes others, and which version of it: the next one may well compress to other bytes. */
  readonly zstd: { readonly version: string; readonly files: Digests };
}

const file = new URL("golden-tree.json", import.meta.url);
const acceptance = "MDC_ACCEPT_GOLDEN_TREE";

/** True when what is stored now is to become what is expected. */
export const accepting: boolean = process.env[acceptance] === "1";

export function readTable(): GoldenTable {
  return JSON.parse(readFileSync(file, "utf8")) as GoldenTable;
}

/** A line for each file, so that a diff shows which ones are others. */
export function writeTable({ plain, zstd }: GoldenTable): void {
  const lines = (digests: Digests, indent: string): string =>
    Object.entries(digests)
      .map(([path, digest]) => `\n${indent}  ${JSON.stringify(path)}: ${JSON.stringify(digest)}`)
      .join(",");
  const version = `    "version": ${JSON.stringify(zstd.version)},`;
  const files = `    "files": {${lines(zstd.files, "    ")}\n    }`;
  writeFileSync(
    file,
    `{\n  "plain": {${lines(plain, "  ")}\n  },\n  "zstd": {\n${version}\n${files}\n  }\n}\n`,
  );
}

/** Digests in the order of their paths. */
export function sorted(digests: Iterable<readonly [string, Digest]>): Digests {
  return Object.fromEntries([...digests].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is not as expected, for people; undefined when all is. */
export function differences(expected: Digests, actual: Digests): string | undefined {
  const lines: string[] = [];
  for (const path of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [before, now] = [expected[path], actual[path]];
    if (before === undefined) lines.push(`  new      ${path} (${now?.bytes} bytes)`);
    else if (now === undefined) lines.push(`  missing  ${path} (${before.bytes} bytes)`);
    else if (now.sha256 !== before.sha256)
      lines.push(`  differs  ${path} (${before.bytes} bytes before, ${now.bytes} now)`);
  }
  if (lines.length === 0) return undefined;
  return [
    `${lines.length} of ${Object.keys(expected).length} file(s) are not stored as they were:`,
    ...lines,
    `If that is intended, ${acceptance}=1 npx vitest run test/integration/golden-tree.test.ts accepts it:`,
    "say in the commit what changes for readers of files, and for spools that an earlier version has left.",
  ].join("\n");
}
