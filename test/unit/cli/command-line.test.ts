import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const time = "2026-11-22T05:10:00.000Z";

async function rootWithInputs(): Promise<string> {
  const root = await tempFolder();
  const rows = [{ distance: 1 }, { distance: 2 }];
  storeFile(root, [{ collection: "model_inputs", id: "x", requestTime: time, rows }], { distance: "DOUBLE" });
  return root;
}

describe("options", () => {
  test("may stand before the command, those of all and its own", async () => {
    const root = await rootWithInputs();
    const behind = await run("head", "model_inputs", "--root", root, "--json", "-n", "1");
    expect(JSON.parse(behind.out)).toHaveLength(1);
    for (const args of [
      ["--root", root, "--json", "-n", "1", "head", "model_inputs"],
      ["--json", "head", "-n1", "model_inputs", "--root", root],
      [`--root=${root}`, "head", "--json", "--rows=1", "model_inputs"],
    ]) {
      expect(await run(...args), args.join(" ")).toEqual(behind);
    }
  });

  test("of another command are refused, wherever they stand, with the command that was meant", async () => {
    for (const [args, message] of [
      [["--jsonn", "ls"], "mdc ls has no option --jsonn; did you mean --json?"],
      [["ls", "--deadline", "5"], "mdc ls has no option --deadline; see mdc ls --help"],
      [["spool", "ls", "--deadline", "5"], "mdc spool ls has no option --deadline; see mdc spool ls --help"],
      [["head", "--colums", "a", "model_inputs"], "mdc head has no option --colums; did you mean --columns?"],
      [["--jsno"], "mdc has no option --jsno; did you mean --json?"],
    ] as const) {
      expect(await run(...args), args.join(" ")).toEqual({ code: 2, out: "", err: `mdc: ${message}\n` });
    }
  });
});

describe("help and version", () => {
  test("-v, -V and --version tell the package's version", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    for (const option of ["-v", "-V", "--version"])
      expect(await run(option)).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("of a command in a group is its own; of a group, what is in it", async () => {
    for (const args of [
      ["spool", "drain", "--help"],
      ["help", "spool", "drain"],
      ["-h", "spool", "drain"],
    ]) {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      expect(out).toMatch(/^mdc spool drain: deliver what dead processes left\n\n {2}mdc spool drain\n/);
      expect(out).toContain("--deadline <seconds>");
      expect(out).not.toContain("quarantine");
    }
    const { out } = await run("spool", "ls", "--help");
    expect(out).toMatch(/^mdc spool ls: /);
    expect(out).not.toContain("--deadline");
    expect((await run("help", "spool", "quarantine", "show")).out).toMatch(
      /\n {2}mdc spool quarantine show <id>\n/,
    );
    for (const one of commands) {
      if (!("subcommands" in one)) continue;
      const group = (await run(one.name, "--help")).out;
      for (const { name, summary } of one.subcommands)
        expect(group).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    }
  });

  test("a word that leads nowhere is answered with the one that is like it", async () => {
    expect((await run("spool", "drian")).err).toBe(
      'mdc: mdc spool: expected ls, drain or quarantine, got "drian"; did you mean mdc spool drain?\n',
    );
  });
});
