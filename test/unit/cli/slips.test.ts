import { globSync, mkdirSync, symlinkSync } from "node:fs";
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

test("an endpoint or deployment of which nothing is stored is refused", async () => {
  const root = await rootWithInputs();
  expect(await run("ls", "--endpoint", "flihgts", "--root", root)).toEqual({
    code: 2,
    out: "",
    err: `mdc: --endpoint: nothing is stored under ${root} of "flihgts"; did you mean flights?\n`,
  });
  expect((await run("ls", "--deployment", "zzzzz", "--root", root)).err).toContain("there are: blue");
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
