import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { run } from "./run.ts";

/** Whether there is such a shell on this machine. */
function has(shell: string): boolean {
  return spawnSync(shell, ["-c", "true"]).status === 0;
}

/** What bash offers for the last of these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { out } = await run("completion", "bash");
  const line = ["mdc", ...words].map((word) => `'${word}'`).join(" ");
  const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _mdc; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8" });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout.split("\n").filter((word) => word !== "");
}

test.skipIf(!has("bash"))(
  "bash is offered the commands, those of a group, and the options of each",
  async () => {
    expect(await offered("")).toEqual([...commands.map(({ name }) => name), "--root", "--json", "--help"]);
    expect(await offered("t")).toEqual(["tail", "trace"]);
    expect(await offered("spool", "")).toEqual(
      expect.arrayContaining(["ls", "drain", "quarantine", "--json"]),
    );
    expect(await offered("spool", "quarantine", "re")).toEqual(["replay"]);
    expect(await offered("head", "model_inputs", "--co")).toEqual(["--columns"]);
    expect(await offered("--json", "sql", "--allow")).toEqual(["--allow-files"]);
    // A value is a file, or nobody knows.
    expect(await offered("ls", "--root", "")).toEqual([]);
    expect(await offered("label", "import", "--id", "")).toEqual([]);
  },
);

test("zsh and fish have the same words, and take their scripts where they are installed", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, out } = await run("completion", shell);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toMatch(new RegExp(`[ ']${name}\\b`));
    for (const word of ["quarantine", "replay", "allow-files"]) expect(out).toContain(word);
    const load = shell === "zsh" ? `autoload -Uz compinit && compinit -D\n${out}` : out;
    if (has(shell))
      expect(spawnSync(shell, ["-c", load], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  }
  expect(await run("completion", "tcsh")).toMatchObject({
    code: 2,
    err: expect.stringContaining("expected bash, zsh or fish"),
  });
});
