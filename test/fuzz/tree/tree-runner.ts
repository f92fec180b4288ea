import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../unit/cli/run.ts";
import { damage } from "../damage.ts";
import { markWhole } from "../page-headers.ts";
import { oneOf, randomFrom } from "../random.ts";
import { damageText } from "./damage-text.ts";
import { type FileKind, storedId, type TreeFile, writeTree } from "./write-tree.ts";

const x = "x";
/** Every command that reads what is stored. */
export const treeCommands: readonly (readonly string[])[] = [
  ["ls"],
  ["schema", x, "--system"],
  ["schema", "--json"],
  ["head", x, "-n", "1000", "--json"],
  ["head", "labels"],
  ["head", x, "--where", "order=A-17", "--columns", "order,distance"],
  ["tail", x, "-n", "5"],
  ["trace", storedId],
  ["find", "--where", "order=A-17", "--json"],
  ["find", "--text", "A-17"],
  ["sql", `select count(*) as n, max(distance) as d from ${x}`],
  ["sql", `select * from ${x}`, "--json"],
  ["sql", `select * from ${x} where "order" = 'A-17' order by distance limit 1`],
  ["sql"],
  ["export", x, "--format", "csv"],
  ["export", x, "--format", "jsonl"],
  ["export", x, "--format", "parquet"],
  ["export", x, "--format", "arrow"],
  ["export", x, "--format", "azureml"],
  ["export", x, "--format", "mltable"],
  ["label", "ages", x],
  ["join", x, "model_outputs", "--json"],
  ["ddl", "--engine", "duckdb"],
  ["profile", x],
  ["completeness", "--deployment", "parquet"],
  ["completeness", "--deployment", "jsonl", "--json"],
  ["verify"],
  ["verify", "--full", "--json"],
];

/** One damaged file and what commands made of it. */
export interface TreeCase {
  readonly seed: number;
  readonly kind: FileKind;
  readonly how: string;
  readonly problems: readonly string[];
  readonly codes: readonly number[];
  /** CPU time of the one that took longest. */
  readonly longestMs: number;
}

/** Damages one file of a tree at a time, and reads the tree. */
export interface TreeRunner extends Disposable {
  /** Damages a file, the same for a seed, and runs every `stride`th command over the tree. */
  run(seed: number, stride?: number): Promise<TreeCase>;
}

/** CPU time that no command takes for so little, in milliseconds; a hang without any lasts for ever. */
const mostMs = 10_000;

/** Makes a tree of real files. */
export async function treeRunner(): Promise<TreeRunner> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mdc-tree-"));
  const root = join(folder, "collected");
  const files = await writeTree(root, join(folder, "spool"));
  const isParquet = ({ kind }: TreeFile): boolean => kind === "parquet" || kind === "labels";
  for (const { bytes } of files.filter(isParquet)) markWhole(bytes);
  const kinds = [...new Set(files.map(({ kind }) => kind))];
  const readAll = (command: readonly string[]): ReturnType<typeof run> => run(...command, "--root", root);
  for (const command of treeCommands) {
    const { code, out, err } = await readAll(command);
    if (code !== 0)
      throw new Error(`the tree is not whole: ${command.join(" ")}: ${out.slice(0, 3000)}${err}`);
  }
  return {
    async run(seed, stride = 1) {
      const random = randomFrom(seed);
      const kind = oneOf(random, kinds);
      const file = oneOf(
        random,
        files.filter((one) => one.kind === kind),
      );
      const others = files.filter((one) => isParquet(one) === isParquet(file)).map(({ bytes }) => bytes);
      const { how, bytes } = (isParquet(file) ? damage : damageText)(file.bytes, others, random);
      writeFileSync(join(root, file.path), bytes);
      const problems: string[] = [];
      const codes: number[] = [];
      let longestMs = 0;
      const rejected = (thrown: unknown): void => void problems.push(`nobody handled: ${String(thrown)}`);
      process.on("unhandledRejection", rejected);
      try {
        for (const command of treeCommands.filter((_, i) => (i + seed) % stride === 0)) {
          const begun = process.cpuUsage();
          const outcome = await readAll(command);
          const { user, system } = process.cpuUsage(begun);
          longestMs = Math.max(longestMs, (user + system) / 1_000);
          codes.push(outcome.code);
          const isBinary = command.includes("parquet") || command.includes("arrow");
          const problem = problemOf(outcome, file, isBinary);
          if (problem !== undefined) problems.push(`${command.join(" ")}: ${problem}`);
        }
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off("unhandledRejection", rejected);
        writeFileSync(join(root, file.path), file.bytes);
      }
      if (longestMs > mostMs) problems.push(`took ${Math.round(longestMs)} ms of CPU time`);
      return { seed, kind, how: `${file.path}: ${how}`, problems, codes, longestMs };
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What is wrong with the way in which a command took it. */
function problemOf(
  { code, out, err }: Awaited<ReturnType<typeof run>>,
  { path, kind }: TreeFile,
  isBinary: boolean,
): string | undefined {
  if (code !== 0 && code !== 3) return `ended with ${code}: ${err}`;
  const said = out + err;
  const named = [path, ...(kind === "beside" ? [path.replace("_body.json", ".jsonl")] : [])];
  // Other numbers, in the ledger or a footer, are as good as the true ones, and do not fit one another.
  const isVerdict = /\b(unknown|short|waiting)\b/.test(out) && !err.includes("unreadable");
  if (code === 3 && !isVerdict && !named.some((one) => said.includes(one.slice(one.lastIndexOf("/") + 1))))
    return `does not name it: ${err}`;
  const shown = isBinary ? err : out + err;
  return /[\u0000-\u0009\u000b-\u000c\u000e-\u001f\u007f-\u009f]/.test(shown)
    ? "control characters"
    : undefined;
}
