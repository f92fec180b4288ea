import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { systemIds } from "../../../src/base/ids.ts";
import { systemClock } from "../../../src/base/time/clock.ts";
import type { Command } from "../../../src/cli/command.ts";
import { commands } from "../../../src/cli/commands.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { expectHarmless } from "../../support/harmless.ts";
import { duckdbSql } from "../../support/parquet-engines.ts";
import { batchOf } from "../pipeline/pipeline-world.ts";
import { type FeatureTypes, idAt, storeFile } from "../reader/stored-data.ts";
import { run, runOn } from "./run.ts";

/*
 * One dataset whose values, names, ids and tags are hostile to terminals, spreadsheets and pages, and every
 * command over it.
 */

const hostile = [
  ...[
    "=1+1",
    "+1+1|' /C calc'!A0",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    '=HYPERLINK("http://x")',
  ],
  ...["\u001b[2J\u001b]0;title\u0007", "\u009b31m", "\u202eright to left\u2066", "zero\u200bwidth\ufeff"],
  ...[
    "two\nlines\r\n",
    "\u0000nul",
    "\u2028line",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)",
  ],
] as const;
const columns = [
  "text",
  "=1+cmd|' /C calc'!A0",
  "\u001b[31mred\u202e",
  "<img src=x onerror=alert(1)>",
] as const;
const days = ["2026-11-21T05:10:00.000Z", "2026-11-22T05:10:00.000Z"] as const;
const id = `=${hostile[8]}<img src=x onerror=alert(1)>`;
let root = "";
let folder = "";
let spool = "";

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "mdc-hostile-"));
  [root, spool] = [join(folder, "collected"), join(folder, "spool")];
  for (const [day, requestTime] of days.entries()) {
    const rows = hostile.map((value, i) => ({
      ...Object.fromEntries(columns.map((name) => [name, value])),
      x: i + 40 * day,
      late: i % 2 === 0,
      p: i / hostile.length,
    }));
    const types: FeatureTypes = {
      ...Object.fromEntries(columns.map((name) => [name, "STRING" as const])),
      ...{ x: "DOUBLE", late: "BOOLEAN", p: "DOUBLE" },
    };
    const tags = JSON.stringify({ [hostile[8]]: hostile[10] });
    for (const collection of ["x", "model_outputs", "labels"])
      storeFile(
        root,
        [{ collection, id: day === 0 ? id : idAt(requestTime), requestTime, rows, tags }],
        types,
      );
  }
  // And what is not delivered yet.
  vi.stubEnv("MDC_SPOOL_DIR", spool);
  const { writer } = createFolderSpool({
    ...{ directory: spool, clock: systemClock, ids: systemIds, maxBytes: 1e9, minFreeBytes: 0 },
  });
  const rows = hostile.map((text) => ({ text }));
  const { label, bytes, counts } = batchOf(rows, 1, Date.parse(days[1]), { collection: "x" });
  expect(writer.append(label, bytes, counts, 1)).toEqual({ status: "appended" });
  return () => {
    writer.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  };
});

/** Lines of every command that ends by itself, by its words; a line of each way to write. */
const lines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ls: [[]],
  schema: [[], ["x", "--system"]],
  head: [
    ["x", "-n", "50"],
    ["labels", "--system"],
    ["x", "--columns", columns[2]],
  ],
  tail: [["x", "-n", "50"]],
  sql: [[], ["select * from x"], [`select count(*) as "\u001b[2J" from labels`], ["explain select * from x"]],
  find: [
    ["--text", "img src"],
    ["--where", `text=${hostile[0]}`],
  ],
  trace: [[id]],
  join: [
    ["x", "model_outputs", "--labels"],
    ["x", "model_outputs", "--account", "--hours"],
  ],
  "label ages": [["x"]],
  ddl: ["spark", "duckdb", "trino"].map((engine) => ["--engine", engine]),
  completeness: [[]],
  verify: [["--full"]],
  performance: [["--prediction", "late", "--score", "p", "--inputs", "x", "--by", "text"]],
  profile: [["x", "--by", "text"]],
  quality: [["x", "--from", "2026-11-22", "--against", "2026-11-21/2026-11-22"]],
  drift: [["x", "--from", "2026-11-22", "--against", "2026-11-21/2026-11-22", "--by", "text"]],
  monitor: [["x", "--from", "2026-11-22", "--against", "2026-11-21/2026-11-22"]],
  doctor: [[]],
  "spool ls": [[]],
  "spool quarantine ls": [[]],
  completion: [["bash"], ["zsh"], ["fish"]],
};

/** Those with a proof of their own: they serve until they are told to end, or change what is stored. */
const elsewhere = ["ui", "sidecar", "label import", "spool drain"];

function pathsOf(all: readonly Command[], before = ""): string[] {
  return all.flatMap((one) =>
    "subcommands" in one ? pathsOf(one.subcommands, `${before}${one.name} `) : [`${before}${one.name}`],
  );
}

const cases = Object.entries(lines).flatMap(([path, all]) =>
  all.map((args) => ({ path, args, name: [path, ...args].join(" ").replaceAll(/[^ -~]/g, "?") })),
);

test.each(cases)(
  "$name: harmless as text, on a terminal and as JSON, which parses",
  async ({ path, args }) => {
    const rooted = [
      ...path.split(" "),
      ...(path.startsWith("spool") ? ["--spool", spool] : []),
      "--root",
      root,
    ];
    const words = args.filter((one) => one === id);
    const line = [...rooted, ...args.filter((one) => one !== id)];
    const behind = words.length === 0 ? [] : ["--", ...words];
    const plain = await run(...line, ...behind);
    expect([0, 1, 3, 4], plain.err).toContain(plain.code);
    expectHarmless(plain, path);
    expectHarmless(await runOn({ columns: 70 }, ...line, ...behind), path);
    const json = await run(...line, "--json", ...behind);
    expect(json.code).toBe(plain.code);
    expectHarmless(json, path);
    const found: unknown = JSON.parse(json.out);
    const isQuery = ["ls", "schema", "head", "tail", "sql", "find", "completeness", "ddl"].includes(path);
    if (isQuery || (path === "join" && !args.includes("--account"))) expect(found).toBeInstanceOf(Array);
  },
);

test("gauges that go to a terminal are harmless there", async () => {
  const line = ["quality", "x", "--from", "2026-11-22", "--against", "2026-11-21/2026-11-22"];
  const shown = await runOn({ columns: 70 }, ...line, "--prometheus", "-", "--root", root);
  expectHarmless(shown, "quality");
  expect(shown.out).toContain("\\u{1b}[31mred");
});

describe("what commands write as files", () => {
  const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
  test.each([
    ["export", "x", "-o", "x.csv"],
    ["join", "x", "model_outputs", "--labels", "-n", "0", "-o", "joined.csv"],
  ])("%s writes CSV of which a spreadsheet takes nothing for a formula", async (...args) => {
    const file = join(folder, args.at(-1) as string);
    const { code, err } = await run(...args.slice(0, -1), file, "--root", root);
    expect(code, err).toBe(0);
    // Another's reader: which cells there are, quoted ones with their lines.
    const rows = await duckdbSql(
      `from read_csv('${file}', header = false, all_varchar = true, delim = ',', quote = '"', escape = '"')`,
    );
    const cells = rows.flatMap((row) => Object.values(row)).filter((cell) => typeof cell === "string");
    expect(cells.length).toBeGreaterThan(hostile.length * columns.length);
    expect(cells.filter((cell) => formula.test(cell) && Number.isNaN(Number(cell)))).toEqual([]);
    expect(cells).toContain("'=1+1");
  });

  test("other formats have the values as they are, and --json says what was written", async () => {
    for (const format of ["jsonl", "parquet"]) {
      const file = join(folder, `x.${format}`);
      const { out } = await run("export", "x", "-o", file, "--root", root, "--json");
      expect(JSON.parse(out)).toEqual([{ path: file, bytes: readFileSync(file).length }]);
      const read = format === "parquet" ? "read_parquet" : "read_ndjson";
      const rows = await duckdbSql(`select "text" as t from ${read}('${file}')`);
      expect(new Set(rows.map(({ t }) => t))).toEqual(new Set(hostile));
    }
    const refused = await run("export", "x", "--format", "csv", "--root", root, "--json");
    expect([refused.code, refused.out]).toEqual([2, ""]);
  });

  test("a page has none of it as markup", async () => {
    const page = join(folder, "report.html");
    const line = [
      "x",
      "--from",
      "2026-11-22",
      "--against",
      "2026-11-21/2026-11-22",
      "--by",
      "text",
      "-o",
      page,
    ];
    const { code, out, err } = await run("report", ...line, "--root", root, "--json");
    expect([0, 1], err).toContain(code);
    expect(JSON.parse(out)).toBeTypeOf("object");
    const text = readFileSync(page, "utf8");
    expect(text).toContain("&lt;img src=x");
    expect(text).not.toMatch(/<img src=x|<script>alert/);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  test("a baseline is JSON, whatever the columns are called", async () => {
    const { code, out } = await run("baseline", "create", "x", "--root", root, "--json");
    expect(code).toBe(0);
    expectHarmless({ out, err: "" }, "baseline create");
    expect(JSON.stringify(JSON.parse(out))).toContain("onerror");
  });
});

test("mdc label import takes hostile labels and says so as JSON", async () => {
  const file = join(folder, "truth.csv");
  writeFileSync(file, `id,"${columns[3]}"\n=1+1,"${hostile[8]}"\n`);
  mkdirSync(join(folder, "labelled"));
  const place = ["--root", join(folder, "labelled"), "--endpoint", "e", "--deployment", "d"];
  const { code, out, err } = await run("label", "import", file, "--id", "id", ...place, "--json");
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ labels: 1, rows: 1 });
});

// Last, for some of them change what is stored.
test("every other command, too, writes JSON or nothing when it is asked for it", async () => {
  const known = [...Object.keys(lines), ...elsewhere];
  const others = pathsOf(commands).filter((path) => !known.includes(path));
  expect(others).toEqual(expect.arrayContaining(["export", "report", "baseline create"]));
  for (const path of others) {
    const { out } = await run(...path.split(" "), "--root", root, "--json");
    if (out !== "") expect(() => JSON.parse(out) as unknown, path).not.toThrow();
  }
});
