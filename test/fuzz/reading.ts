import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../unit/cli/run.ts";
import { storedId, wholeFiles, type WholeFile } from "./corpus.ts";
import { damage, footerOf } from "./damage.ts";
import { markWhole, pageHeaders } from "./page-headers.ts";
import { oneOf, randomFrom } from "./random.ts";

/** Every command that reads files. */
export const readingCommands: readonly (readonly string[])[] = [
  ["ls"],
  ["ls", "--json"],
  ["schema", "--system"],
  ["head", "x", "-n", "20"],
  ["head", "x", "-n", "1000", "--json"],
  ["head", "x", "-n", "1000", "--from", "2023-11-14T22:13:30", "--columns", "s,mdc_correlation_id"],
  ["head", "x", "--where", "mdc_row_index>=0", "--where", "mdc_correlation_id!=none", "--json"],
  ["find", "--where", `mdc_correlation_id=${storedId}`],
  ["find", "--text", storedId.slice(0, 12), "--json"],
  ["export", "x", "--format", "jsonl", "--columns", "mdc_correlation_id,mdc_row_index"],
  ["trace", storedId],
  ["trace", storedId, "--everywhere", "--json"],
];

/** One damaged file and what every command made of it. */
export interface ReadCase {
  readonly seed: number;
  /** Which file was damaged, and how. */
  readonly how: string;
  readonly bytes: Uint8Array;
  /** What was wrong; empty when nothing was. */
  readonly problems: readonly string[];
  /** Milliseconds of the longest command. */
  readonly longestMs: number;
  /** Commands by what they ended with. */
  readonly codes: readonly number[];
}

/** Runs reading commands over damaged files, one beside a whole one. */
export interface DamageRunner extends Disposable {
  run(seed: number): Promise<ReadCase>;
}

/** Longer than any command takes for these small files on a busy machine; a hang takes for ever. */
const mostMs = 10_000;
const badPath = "e/d/x/inference_date=2023-11-14/inference_hour=22/bad.parquet";
const goodPath = "e/d/x/inference_date=2023-11-14/inference_hour=22/good.parquet";

/** A runner; of the same seed it always makes the same file. */
export async function damageRunner(): Promise<DamageRunner> {
  const files = await wholeFiles();
  for (const { bytes } of files) markWhole(bytes);
  const root = mkdtempSync(join(realpathSync(tmpdir()), "mdc-fuzz-"));
  const [bad, good] = [join(root, badPath), join(root, goodPath)];
  mkdirSync(dirname(bad), { recursive: true });
  writeFileSync(good, (files[0] as WholeFile).bytes);
  const wholeRows = new Map<string, string>();
  for (const { name, bytes } of files) {
    writeFileSync(bad, bytes);
    for (const command of readingCommands) {
      const { code, err } = await run(...command, "--root", root);
      if (code !== 0) throw new Error(`${name} is not whole: ${command.join(" ")}: ${err}`);
    }
    wholeRows.set(name, await allRows(root));
  }
  return {
    async run(seed) {
      const random = randomFrom(seed);
      const whole = oneOf(random, files);
      const { how, bytes } = damage(
        whole.bytes,
        files.map((file) => file.bytes),
        random,
      );
      writeFileSync(bad, bytes);
      const problems: string[] = [];
      const codes: number[] = [];
      let longestMs = 0;
      const rejected = (thrown: unknown): void => void problems.push(`nobody handled: ${String(thrown)}`);
      process.on("unhandledRejection", rejected);
      try {
        for (const command of readingCommands) {
          const begun = performance.now();
          const { code, out, err } = await run(...command, "--root", root);
          longestMs = Math.max(longestMs, performance.now() - begun);
          codes.push(code);
          const line = command.join(" ");
          if (code !== 0 && code !== 3) problems.push(`${line}: ended with ${code}: ${err}`);
          if (code === 3 && err.split("bad.parquet").length !== 2)
            problems.push(`${line}: does not name it once: ${err}`);
          if (out.trim() === "") problems.push(`${line}: shows nothing of the good file`);
          if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(out + err))
            problems.push(`${line}: control characters`);
        }
        // A rejection is told of once the microtasks are done.
        await new Promise((resolve) => setImmediate(resolve));
        if (whole.checksums && onlyPagesChanged(whole.bytes, bytes) && codes[4] === 0) {
          if ((await allRows(root)) !== wholeRows.get(whole.name))
            problems.push("shows other rows, without a word");
        }
      } finally {
        process.off("unhandledRejection", rejected);
      }
      if (longestMs > mostMs) problems.push(`took ${Math.round(longestMs)} ms`);
      return { seed, how: `${whole.name}: ${how}`, bytes, problems, longestMs, codes };
    },
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function allRows(root: string): Promise<string> {
  return (await run("head", "x", "-n", "1000", "--json", "--root", root)).out;
}

/** True when all that differs is within bodies of pages. */
function onlyPagesChanged(whole: Uint8Array, bytes: Uint8Array): boolean {
  if (bytes.length !== whole.length) return false;
  const outside = whole.slice();
  for (const { end, bodyEnd } of pageHeaders(whole)) outside.set(bytes.subarray(end, bodyEnd), end);
  return footerOf(whole).start === footerOf(bytes).start && Buffer.compare(outside, bytes) === 0;
}
