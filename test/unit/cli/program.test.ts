import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { ls } from "../../../src/cli/commands/ls.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run, runOn } from "./run.ts";

const time = "2026-11-22T05:10:00.000Z";
const id = idAt(time, 1);

async function sampleRoot(): Promise<string> {
  const root = await tempFolder();
  const request = { id, requestTime: time };
  const inputs = Array.from({ length: 12 }, (_, i) => ({
    distance: i + 0.5,
    seats: BigInt(i),
    origin: i === 0 ? null : "SEA",
  }));
  storeFile(root, [{ ...request, collection: "model_inputs", rows: inputs }], {
    distance: "DOUBLE",
    seats: "INT64",
    origin: "STRING",
  });
  const outputs = [{ late: true }, { late: false }];
  storeFile(
    root,
    [{ ...request, collection: "model_outputs", eventTime: "2026-11-22T05:10:00.250Z", rows: outputs }],
    {
      late: "BOOLEAN",
    },
  );
  return root;
}

describe("the command line", () => {
  test("without a command, shows the help on stderr and ends with 2", async () => {
    const { code, out, err } = await run();
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("mdc <command>");
  });

  test("--help and help list every command; --version is the package's", async () => {
    for (const args of [["--help"], ["-h"], ["help"]]) {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      for (const { name, summary } of commands)
        expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    }
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await run("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("each command has a help, asked for in any way", async () => {
    for (const { name } of commands) {
      const { out } = await run(name, "--help");
      for (const args of [
        [name, "-h"],
        ["help", name],
      ])
        expect(await run(...args)).toEqual({ code: 0, out, err: "" });
    }
  });

  test("a slip is answered with what was probably meant, and 2", async () => {
    expect(await run("trac", "x")).toEqual({
      code: 2,
      out: "",
      err: 'mdc: no command "trac"; did you mean mdc trace?\n',
    });
    expect((await run("frobnicate")).err).toBe(
      `mdc: no command "frobnicate"; there are: ${commands.map(({ name }) => name).join(", ")}\n`,
    );
    expect(await run("ls", "--jsonn")).toMatchObject({
      code: 2,
      err: "mdc: mdc ls has no option --jsonn; did you mean --json?\n",
    });
    expect(await run("ls", "--zzzzzz")).toMatchObject({
      code: 2,
      err: expect.stringContaining("see mdc ls --help"),
    });
    expect(await run("head")).toMatchObject({
      code: 2,
      err: expect.stringContaining("expected: mdc head <collection>"),
    });
    expect(await run("head", "a", "b")).toMatchObject({ code: 2 });
    expect(await run("ls", "--root")).toMatchObject({
      code: 2,
      err: expect.stringContaining("mdc ls --help"),
    });
  });

  test("finds the data under --root, else MDC_DESTINATION, else ./collected", async () => {
    const root = await sampleRoot();
    expect((await run("ls", "--root", root)).out).toContain("model_inputs");
    vi.stubEnv("MDC_DESTINATION", root);
    expect((await run("ls")).out).toContain("model_inputs");
    vi.stubEnv("MDC_DESTINATION", "");
    vi.spyOn(process, "cwd").mockReturnValue(await tempFolder());
    expect((await run("ls")).err).toMatch(/^nothing is stored under .*collected: there is/);
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test("looks where a drain delivers to: --root, else MDC_DESTINATION, else MDC_CONFIG, else ./collected", async () => {
    const folder = await tempFolder();
    vi.spyOn(process, "cwd").mockReturnValue(folder);
    vi.stubEnv("MDC_SPOOL_DIR", join(folder, "spool"));
    const looksAt = async (...args: string[]) => {
      const { destination } = JSON.parse((await run("spool", "drain", "--json", ...args)).out);
      mkdirSync(destination, { recursive: true });
      expect((await run("ls", ...args)).err).toBe(`nothing is stored under ${destination}\n`);
      return destination;
    };
    expect(await looksAt()).toBe(join(folder, "collected"));
    const config = join(folder, "blue.yml");
    writeFileSync(config, "data_collector: { x_mdc: { destination: ./of-file } }\n");
    vi.stubEnv("MDC_CONFIG", config);
    expect(await looksAt()).toBe(join(folder, "of-file"));
    vi.stubEnv("MDC_DESTINATION", "./of-environment");
    expect(await looksAt()).toBe(join(folder, "of-environment"));
    expect(await looksAt("--root", "./of-option")).toBe(join(folder, "of-option"));
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test("a root that is no destination is a usage error, one that cannot be read is a storage error", async () => {
    expect(await run("ls", "--root", "ftp://example.com/x")).toMatchObject({
      code: 2,
      err: expect.stringContaining("ftp:"),
    });
    const file = join(await tempFolder(), "file");
    writeFileSync(file, "");
    expect(await run("ls", "--root", file)).toMatchObject({ code: 4 });
  });

  test("a fault of the program itself is not taken for one of the storage", async () => {
    using fail = vi.spyOn(ls, "run");
    fail.mockRejectedValue(new TypeError("x is undefined"));
    const { code, err } = await run("ls");
    expect(code).toBe(5);
    expect(err).toMatch(/^mdc: internal error: TypeError at [\w.]+:\d+\n$/);
    fail.mockRejectedValue(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
    expect(await run("ls")).toMatchObject({ code: 4, err: "mdc: EACCES: permission denied\n" });
  });
});

describe("mdc ls", () => {
  test("lists collections with their figures in columns", async () => {
    const { code, out, err } = await run("ls", "--root", await sampleRoot());
    expect([code, err]).toEqual([0, ""]);
    const [titles, ...lines] = out.trimEnd().split("\n");
    expect(titles?.split(/ {2,}/)).toEqual([
      "collection",
      "endpoint/deployment",
      "files",
      "rows",
      "size",
      "from (UTC)",
      "to (UTC)",
    ]);
    expect(lines.map((line) => line.split(/ {2,}/).toSpliced(4, 1))).toEqual([
      ["model_inputs", "flights/blue", "1", "12", "2026-11-22 05:10:00", "2026-11-22 05:10:00"],
      ["model_outputs", "flights/blue", "1", "2", "2026-11-22 05:10:00", "2026-11-22 05:10:00"],
    ]);
  });

  test("--json gives the same for machines, an empty array where there is nothing", async () => {
    const found = JSON.parse((await run("ls", "--json", "--root", await sampleRoot())).out);
    expect(found).toMatchObject([
      {
        name: "model_inputs",
        endpoint: "flights",
        deployment: "blue",
        files: 1,
        rows: 12,
        from: time,
        to: time,
      },
      { name: "model_outputs" },
    ]);
    expect(await run("ls", "--json", "--root", await tempFolder())).toMatchObject({ code: 0, out: "[]\n" });
  });

  test("names files that cannot be read and ends with 3", async () => {
    const root = await sampleRoot();
    const folder = join(root, "flights/blue/model_inputs/inference_date=2026-11-22/inference_hour=05");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "bad.parquet"), "");
    const { code, out, err } = await run("ls", "--root", root);
    expect(code).toBe(3);
    expect(out).toContain("model_outputs");
    expect(err).toContain("bad.parquet");
  });

  test("cuts a table to the terminal's width", async () => {
    const root = await sampleRoot();
    const { out, err } = await runOn({ columns: 50 }, "ls", "--root", root);
    const lines = out.trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(/^… and \d more: /);
    for (const line of lines.slice(0, -1))
      expect(line.replace(/\u001b\[\d+m/g, "").length).toBeLessThanOrEqual(50);
    // It takes no second.
    expect(err).toBe("");
  });
});

describe("mdc schema", () => {
  test("shows features with their types, and system columns on demand", async () => {
    const root = await sampleRoot();
    const { out } = await run("schema", "model_inputs", "--root", root);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.trim().split(/ {2,}/)),
    ).toEqual([
      ["model_inputs (flights/blue)"],
      ["column", "type"],
      ["distance", "float64"],
      ["seats", "int64"],
      ["origin", "string"],
    ]);
    expect((await run("schema", "--system", "--root", root)).out).toMatch(
      /mdc_correlation_id +string[\s\S]*late +boolean/,
    );
    expect(JSON.parse((await run("schema", "Model_Outputs", "--json", "--root", root)).out)).toEqual([
      {
        name: "model_outputs",
        endpoint: "flights",
        deployment: "blue",
        columns: [{ name: "late", type: "boolean" }],
      },
    ]);
  });

  test("names the collections there are when there is no such one", async () => {
    const outcome = await run("schema", "inputs", "--root", await sampleRoot());
    expect(outcome).toMatchObject({
      code: 2,
      err: expect.stringContaining("there are: model_inputs, model_outputs"),
    });
  });
});

describe("mdc head", () => {
  test("shows ten rows with their id and features, or as many as asked for", async () => {
    const root = await sampleRoot();
    const { out } = await run("head", "model_inputs", "--root", root);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[0]?.trim().split(/ {2,}/)).toEqual(["mdc_correlation_id", "distance", "seats", "origin"]);
    expect(lines[2]?.trim().split(/ {2,}/)).toEqual([id, "1.5", "1", "SEA"]);
    expect(
      (await run("head", "model_inputs", "-n", "3", "--root", root)).out.trimEnd().split("\n"),
    ).toHaveLength(4);
    expect((await run("head", "model_inputs", "--system", "--root", root)).out).toContain("mdc_row_index");
  });

  test("--json gives an array of row objects with every column", async () => {
    const root = await sampleRoot();
    const rows = JSON.parse((await run("head", "model_inputs", "-n", "2", "--json", "--root", root)).out);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      mdc_correlation_id: id,
      mdc_request_time: time,
      distance: 0.5,
      seats: 0,
      origin: null,
    });
    const chosen = await run(
      "head",
      "model_inputs",
      "-n1",
      "--columns",
      "origin,distance",
      "--json",
      "--root",
      root,
    );
    expect(JSON.parse(chosen.out)).toEqual([{ origin: null, distance: 0.5 }]);
  });

  test("takes times in UTC", async () => {
    const root = await sampleRoot();
    const count = async (...args: string[]) =>
      JSON.parse((await run("head", "model_outputs", "--json", "--root", root, ...args)).out).length;
    expect(await count("--from", "2026-11-22T05:10")).toBe(2);
    expect(await count("--from", "2026-11-22T05:10:00.001")).toBe(0);
    expect(await count("--to", "2026-11-22T05:10:00.001Z")).toBe(2);
    expect(await count("--to", "2026-11-22")).toBe(0);
  });

  test("refuses what it cannot understand with 2", async () => {
    const root = await sampleRoot();
    for (const args of [
      ["-n", "0"],
      ["-n", "ten"],
      ["--from", "noon"],
      ["--columns", "a,,b"],
    ]) {
      expect(await run("head", "model_inputs", "--root", root, ...args), args.join(" ")).toMatchObject({
        code: 2,
        out: "",
      });
    }
    expect(await run("head", "inputs", "--root", root)).toMatchObject({
      code: 2,
      err: expect.stringContaining("model_inputs"),
    });
  });

  test("shows control characters of stored text as escapes", async () => {
    const root = await tempFolder();
    const rows = [{ name: "a\u001b[31mred\nb" }];
    storeFile(root, [{ collection: "odd", id: "x", requestTime: time, rows }], { name: "STRING" });
    const { out } = await run("head", "odd", "--root", root);
    expect(out).toContain("a\\u{1b}[31mred\\nb");
    expect(out).not.toContain("\u001b");
  });
});

describe("mdc trace", () => {
  test("shows one request's records in time order", async () => {
    const { code, out } = await run("trace", id, "--root", await sampleRoot());
    expect(code).toBe(0);
    expect(out).toContain(`${id} at 2026-11-22 05:10:00.000 UTC`);
    expect(out).toMatch(
      /model_inputs \(flights\/blue\) \+0 ms, 12 rows[\s\S]*model_outputs \(flights\/blue\) \+250 ms, 2 rows/,
    );
    expect(out).not.toContain("mdc_");
  });

  test("--json gives the trace whole", async () => {
    const found = JSON.parse((await run("trace", id, "--json", "--root", await sampleRoot())).out);
    expect(found).toMatchObject({
      id,
      requestTime: time,
      records: [{ collection: "model_inputs" }, { collection: "model_outputs" }],
    });
    expect(found.records[1]).toMatchObject({
      eventTime: "2026-11-22T05:10:00.250Z",
      rows: [{ late: true }, { late: false }],
    });
  });

  test("an id that is not there ends with 3", async () => {
    const root = await sampleRoot();
    expect(await run("trace", "nobody", "--root", root)).toMatchObject({
      code: 3,
      out: "",
      err: expect.stringContaining('"nobody"'),
    });
    const json = await run("trace", "nobody", "--json", "--root", root);
    expect(JSON.parse(json.out)).toEqual({ id: "nobody", requestTime: null, records: [] });
    expect(json.code).toBe(3);
  });
});
