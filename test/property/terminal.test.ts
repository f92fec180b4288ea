import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { expectHarmless } from "../support/harmless.ts";
import { nastyStrings } from "../support/nasty-strings.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import { run, runOn } from "../unit/cli/run.ts";
import { idAt, storeFile } from "../unit/reader/stored-data.ts";

/*
 * Whatever is stored, named or typed: nothing that a terminal obeys, turns around or hides comes out of any
 * command.
 */

const marks = [
  "\u0000",
  "\u0007",
  "\u0008",
  "\t",
  "\n",
  "\r",
  "\u001b[2J",
  "\u001b]0;title\u0007",
  "\u001b[1m",
  "\u007f",
  "\u0085",
  "\u009b31m",
  "\u00ad",
  "\u034f",
  "\u061c",
  "\u115f",
  "\u180e",
  "\u200b",
  "\u200d",
  "\u200e",
  "\u200f",
  "\u2028",
  "\u2029",
  "\u202a",
  "\u202e",
  "\u2060",
  "\u2066",
  "\u2069",
  "\u3164",
  "\ufeff",
  "\ufff9",
  "\ud800",
  "\udfff",
  "\u{1d173}",
  "\u{e0001}",
  "\u{e0041}",
];
const text = fc.oneof(
  fc.constantFrom(...nastyStrings.filter((one) => one.length < 500)),
  fc.string({
    unit: fc.constantFrom(...marks, "a", "é", "田", "😀", '"', "\\", "=", "-"),
    minLength: 1,
    maxLength: 6,
  }),
);
/** What the product stores: text without halves of pairs. */
const stored = text.map((one) => Buffer.from(one).toString());

describe("what commands write", () => {
  test("holds nothing harmful of stored names and values, and JSON is of the same values", async () => {
    await fc.assert(
      fc.asyncProperty(stored, stored, stored, async (name, value, someId) => {
        // hyparquet takes U+FEFF at a name's beginning for a byte order mark, and drops it.
        fc.pre(name !== "" && !name.startsWith("mdc_") && !name.startsWith("\ufeff") && someId !== "");
        await using folder = await disposableFolder();
        const requestTime = "2026-11-22T05:10:00.000Z";
        const frame = { collection: "x", id: someId, requestTime, rows: [{ [name]: value }] };
        storeFile(folder.path, [frame], { [name]: "STRING" });
        for (const command of [["ls"], ["schema", "x"], ["head", "x"], ["trace", "--", someId]]) {
          const options = ["--root", folder.path];
          const at = command.indexOf("--");
          const line = at < 0 ? [...command, ...options] : command.toSpliced(at, 0, ...options);
          const plain = await run(...line);
          expect(plain.code, plain.err).toBe(0);
          expectHarmless(plain, line.join(" "));
          expectHarmless(await runOn({ columns: 70 }, ...line), `on a terminal, ${line.join(" ")}`);
          const json = await run(...line.toSpliced(1, 0, "--json"));
          expectHarmless(json, `--json ${line.join(" ")}`);
          const found = JSON.parse(json.out);
          if (command[0] === "head")
            expect(found[0]).toMatchObject({ [name]: value, mdc_correlation_id: someId });
          if (command[0] === "schema") expect(found[0].columns).toMatchObject([{ name }]);
          if (command[0] === "trace") {
            expect(found.id).toBe(someId);
            expect(found.records[0].rows[0][name]).toBe(value);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test("holds nothing harmful of the command line, whatever stands where", async () => {
    const names = [...commands.map(({ name }) => name), "help"];
    const options = [
      "root",
      "spool",
      "rows",
      "columns",
      "from",
      "to",
      "endpoint",
      "deployment",
      "deadline",
      "json",
    ];
    const argument = fc.oneof(
      text,
      text.map((one) => `--${one}`),
      fc.tuple(fc.constantFrom(...options), text).map(([name, one]) => `--${name}=${one}`),
      fc.constantFrom("ls", "quarantine", "show", "--json", "-n"),
    );
    await using folder = await disposableFolder();
    const there = process.cwd();
    process.chdir(folder.path);
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, text),
          fc.array(argument, { maxLength: 4 }),
          async (command, rest) => {
            // A drain would look for the destination that the line names.
            fc.pre(!rest.includes("drain"));
            const outcome = await run(command, ...rest);
            expectHarmless(outcome, JSON.stringify([command, ...rest]));
            expect([0, 2, 3, 4]).toContain(outcome.code);
            expectHarmless(
              await runOn({ columns: 60 }, command, ...rest),
              JSON.stringify([command, ...rest]),
            );
          },
        ),
        { numRuns: 200 },
      );
    } finally {
      process.chdir(there);
    }
  });

  test("holds nothing harmful of folders' names", async () => {
    await using folder = await disposableFolder();
    const odd = join(folder.path, "\u001b[2J\u202eodd\n");
    storeFile(
      odd,
      [
        {
          collection: "x",
          id: idAt("2026-11-22T05:10:00.000Z"),
          requestTime: "2026-11-22T05:10:00.000Z",
          rows: [{ a: 1 }],
        },
      ],
      { a: "DOUBLE" },
    );
    mkdirSync(join(odd, "flights/blue/\u001b[31mred\u202e"), { recursive: true });
    for (const command of [
      ["ls"],
      ["schema", "none"],
      ["head", "none"],
      ["trace", "none"],
      ["spool", "ls", "--spool", odd],
      ["spool", "quarantine", "show", "00", "--spool", odd],
    ]) {
      const outcome = await run(...command, "--root", odd);
      expectHarmless(outcome, command.join(" "));
      if (command[0] !== "ls") expect(outcome.err).toContain("\\u{1b}[2J\\u{202e}odd\\n");
    }
  });

  test("keeps what is visible: wide characters, marks on letters, shapes of emoji", async () => {
    const chunks: string[] = [];
    const stream = Object.assign(Object.create(process.stdout), {
      write: (chunk: string) => chunks.push(chunk),
    });
    const visible = "田中さん ｂｒｏｗｎ e\u0301 ❤\ufe0f مرحبا हिन्दी 🇪🇺";
    createTerminal(stream, stream).out(visible);
    expect(chunks.join("")).toBe(`${visible}\n`);
  });
});
