import { globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const time = "2026-11-22T05:10:00.000Z";

async function rootWithInputs(): Promise<string> {
  const root = join(await tempFolder(), "collected");
  const rows = [{ distance: 1, late: null }];
  const types = { distance: "DOUBLE", late: "BOOLEAN" } as const;
  storeFile(root, [{ collection: "model_inputs", id: idAt(time, 1), requestTime: time, rows }], types);
  return root;
}

test("a root that is given and not there is an error of storage, with the folder that is like it", async () => {
  const root = await rootWithInputs();
  const wrong = join(root, "../colected");
  for (const args of [["ls"], ["schema"], ["head", "model_inputs"], ["trace", "x"], ["ls", "--json"]]) {
    expect(await run(...args, "--root", wrong), args.join(" ")).toEqual({
      code: 4,
      out: "",
      err: `mdc: --root: there is no folder ${wrong}; did you mean ${root}?\n`,
    });
  }
  const far = join(root, "../elsewhere/or/not");
  expect((await run("ls", "--root", far)).err).toBe(`mdc: --root: there is no folder ${far}\n`);
});

test("a root that is a folder of the data, or a file, is told so", async () => {
  const root = await rootWithInputs();
  const [file] = globSync("**/*.parquet", { cwd: root });
  const folders = dirname(file ?? "").split("/");
  for (const depth of [1, 2, 3]) {
    const deeper = join(root, ...folders.slice(0, depth));
    expect(await run("ls", "--root", deeper)).toMatchObject({
      code: 0,
      err: `nothing is stored under ${deeper}; did you mean ${root}?\n`,
    });
  }
  // Below a link, where nothing is.
  const folder = join(dirname(root), "link");
  symlinkSync(root, folder);
  mkdirSync(join(folder, "empty"));
  const empty = join(folder, "empty");
  expect(await run("ls", "--root", empty)).toMatchObject({
    code: 0,
    err: `nothing is stored under ${empty}\n`,
  });
  const inside = join(root, file ?? "");
  expect(await run("ls", "--root", inside)).toMatchObject({
    code: 4,
    err: `mdc: --root: expected a folder, ${inside} is a file\n`,
  });
});

test("one that is not given need not be there yet, and one that is empty is no mistake", async () => {
  const folder = await tempFolder();
  vi.stubEnv("MDC_DESTINATION", join(folder, "later"));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await run("ls")).toEqual({
    code: 0,
    out: "",
    err: `nothing is stored under ${join(folder, "later")}: there is no such folder\n`,
  });
  mkdirSync(join(folder, "later"));
  expect(await run("ls", "--root", join(folder, "later"))).toEqual({
    code: 0,
    out: "",
    err: `nothing is stored under ${join(folder, "later")}\n`,
  });
});

test("a collection that is not there is answered with the one that is like it", async () => {
  const root = await rootWithInputs();
  const commands = [
    ["head"],
    ["schema"],
    ["export", "--format", "csv"],
    ["profile"],
    ["label", "ages"],
    ["tail"],
    ["find", "--where", "distance=2", "--in"],
    ["compact", "--collection"],
    ["erase", "--where", "distance=1", "--yes", "--collection"],
    ["purge", "--older-than", "1d", "--yes", "--collection", "model_inputs", "--collection"],
    ["delta", "init", "--collection"],
    ["join", "other"],
    ["baseline", "create", "-o", join(root, "baseline.json")],
  ];
  for (const command of commands)
    expect([command, await run(...command, "model_input", "--root", root)]).toEqual([
      command,
      {
        code: 2,
        out: "",
        err: `mdc: no collection "${command[1] === "other" ? "other" : "model_input"}" under ${root}; there are: model_inputs${command[1] === "other" ? "" : '; did you mean "model_inputs"?'}\n`,
      },
    ]);
  expect((await run("head", "zzz", "--root", root)).err).not.toContain("did you mean");
  // Nothing was taken away, of the one that is there neither.
  expect(globSync("**/*", { cwd: root }).filter((path) => path.includes("."))).toHaveLength(1);
});

test("a column that no file has is refused; one without a value is not", async () => {
  const root = await rootWithInputs();
  const head = (...args: string[]) => run("head", "model_inputs", "--root", root, ...args);
  expect(await head("--columns", "distanse")).toEqual({
    code: 2,
    out: "",
    err: 'mdc: --columns: no file of model_inputs has a column "distanse"; did you mean "distance"?\n',
  });
  expect((await head("--columns", "distance,zzzzz")).err).toContain(
    'has a column "zzzzz"; there are: distance, late',
  );
  expect((await head("--columns", "mdc_correlation_ids")).err).toContain('"mdc_correlation_id"?');
  expect(await head("--columns", "late,distance", "--json")).toMatchObject({ code: 0 });
  expect(await head("--columns", "late", "--to", "2026-11-22")).toMatchObject({ code: 0, err: "no rows\n" });
});

test("an endpoint or deployment of which nothing is stored is refused by every command", async () => {
  const root = await rootWithInputs();
  const commands = [
    ["ls"],
    ["schema"],
    ["schema", "model_inputs"],
    ["head", "model_inputs"],
    ["tail", "model_inputs"],
    ["trace", idAt(time, 1)],
    ["find", "--where", "distance=1"],
    ["find", "--where", "distanse=1", "--in", "model_inputs"],
    ["join"],
    ["label", "ages", "model_inputs"],
    ["export", "model_inputs", "--format", "csv"],
    ["sql"],
    ["sql", "select * from model_inputs"],
    ["ddl", "--engine", "duckdb"],
    ["ddl", "--engine", "duckdb", "model_inputs"],
    ["verify"],
    ["completeness"],
    ["profile", "model_inputs"],
    ["performance", "--prediction", "late"],
    ["baseline", "create", "model_inputs", "-o", join(root, "baseline.json")],
    ["monitor", "model_inputs", "--against", "previous", "--window", "1h"],
    ["compact"],
    ["erase", "--where", "distance=1", "--yes"],
    ["purge", "--older-than", "1d", "--yes", "--collection", "model_inputs"],
    ["delta", "repair"],
  ];
  const cases = [
    [
      ["--endpoint", "flihgts"],
      `--endpoint: nothing is stored under ${root} of "flihgts"; did you mean flights?`,
    ],
    [["--deployment", "zzzzz"], `--deployment: nothing is stored under ${root} of "zzzzz"; there are: blue`],
    [
      ["--endpoint", "flights", "--deployment", "blu"],
      `--deployment: nothing is stored under ${root}/flights of "blu"; did you mean blue?`,
    ],
  ] as const;
  for (const command of commands)
    for (const [scope, said] of cases) {
      const { code, err } = await run(...command, ...scope, "--root", root);
      expect([command, code, err.split("\n").at(-2)]).toEqual([command, 2, `mdc: ${said}`]);
    }
  expect(globSync("**/*", { cwd: root }).filter((path) => path.includes("."))).toHaveLength(1);
});

test("of an endpoint that is there, only its collections are told", async () => {
  const root = await rootWithInputs();
  const rows = [{ distance: 1 }];
  const types = { distance: "DOUBLE" } as const;
  const frame = { collection: "other", id: idAt(time, 1), requestTime: time, rows };
  storeFile(root, [frame], types, { endpoint: "hotels", deployment: "green" });
  for (const [scope, said] of [
    [["--endpoint", "flights"], `under ${root}/flights; there are: model_inputs`],
    [["--deployment", "blue"], `under ${root} of deployment blue; there are: model_inputs`],
    [["--endpoint", "hotels"], `under ${root}/hotels; there are: other; did you mean "other"?`],
  ] as const) {
    const told = { code: 2, out: "", err: `mdc: no collection "othr" ${said}\n` };
    expect(await run("head", "othr", ...scope, "--root", root)).toEqual(told);
    const compact = await run("compact", "--collection", "othr", ...scope, "--root", root);
    expect(compact).toEqual(told);
  }
  expect(await run("ls", "--deployment", "green", "--root", root)).toMatchObject({ code: 0, err: "" });
  const mixed = await run("ls", "--endpoint", "hotels", "--deployment", "blue", "--root", root);
  expect(mixed.err).toBe(
    `mdc: --deployment: nothing is stored under ${root}/hotels of "blue"; there are: green\n`,
  );
});

test("a collection whose rows are all gone is still one for what takes away", async () => {
  const root = await rootWithInputs();
  const purge = ["purge", "--older-than", "1d", "--yes", "--collection", "model_inputs", "--root", root];
  const body = join(root, "flights/blue/_bodies/model_inputs/inference_date=2026-11-22/inference_hour=05");
  mkdirSync(body, { recursive: true });
  writeFileSync(join(body, `${"a".repeat(32)}.bin`), "");
  for (const file of globSync("**/*.parquet", { cwd: root })) rmSync(join(root, file));
  expect(await run(...purge)).toMatchObject({ code: 0, err: expect.stringContaining("1 object of ") });
  expect(await run(...purge)).toMatchObject({ code: 2 });
});

test("a variable that is almost one of ours is told of, and nothing else changes", async () => {
  const root = await rootWithInputs();
  vi.stubEnv("MDC_DESTINATON", root);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { code, out, err } = await run("ls", "--root", root);
  expect(code).toBe(0);
  expect(out).toContain("model_inputs");
  expect(err).toBe("mdc: environment variable MDC_DESTINATON is not read; did you mean MDC_DESTINATION?\n");
});
