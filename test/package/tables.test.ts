import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Command } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { exitCode } from "../../src/cli/exit-code.ts";
import { programHelp } from "../../src/cli/help.ts";
import { commonOptions } from "../../src/cli/common-options.ts";
import { attributeValues, type Instrument, instruments } from "../../src/collector/report/instruments.ts";
import { asideFaults } from "../../src/collector/bodies/aside-body.ts";
import { notRedactedReasons } from "../../src/http/body/redaction/body-redaction.ts";
import { noTableReasons } from "../../src/http/tabular/table.ts";
import { gaugeMeanings } from "../../src/monitor/output/result-gauges.ts";
import { scalarTypes } from "../../src/layout/column-type.ts";
import { codesIn, SourceTypes, tableRows, textOf } from "../support/document-tables.ts";
import { root } from "../support/packed-project.ts";

const operations = textOf("docs/operations.md");
const readme = textOf("README.md");
const types = new SourceTypes();

describe("docs/operations.md", () => {
  test("tells each reason of a drop once, and no other", () => {
    const reasons = types.texts("src/pipeline/ledger.ts", "DropReason");
    expect(reasons).toContain("invalid");
    expect(firstCodes(operations, "| Reason |").toSorted()).toEqual(reasons.toSorted());
  });

  test("tells each status once, and no other", () => {
    const statuses = types.texts("src/collector/api.ts", "DeploymentStatus", "status");
    expect(firstCodes(operations, "| `status` | Means |").toSorted()).toEqual(statuses.toSorted());
  });

  test("tells each code of a CollectorError once, and no other", () => {
    const codes = types.texts("src/base/errors.ts", "CollectorErrorCode");
    const listed = firstCodes(operations, "| Code |");
    const beside = ["FRAME_DROPPED", "TIMEOUT", "CLOSED"];
    expect([...listed, ...beside].toSorted()).toEqual(codes.toSorted());
    const behind = operations.slice(operations.indexOf("| Code |")).split("\n\n")[1] ?? "";
    expect(codesIn(behind)).toEqual(expect.arrayContaining(beside));
  });

  test("tells each exit code of mdc once, and no other", () => {
    const told = tableRows(operations, "| Exit code of `mdc` |").map(([code]) => Number(code));
    expect(told).toEqual(Object.values(exitCode));
  });

  test("has the table of metrics", async () => {
    const path = join(root, "docs/operations.md");
    await expect(withMetricsTable(operations)).toMatchFileSnapshot(path);
  });
});

test("docs/typed-columns.md tells each reason why a body has no columns, as the code does", () => {
  const told = tableRows(textOf("docs/typed-columns.md"), "| Reason |");
  expect(told).toEqual(Object.entries(noTableReasons).map(([name, text]) => [`\`tabular_${name}\``, text]));
});

test("docs/payload.md tells each reason why a body was not redacted, as the code does", () => {
  const told = tableRows(textOf("docs/payload.md"), "| `body_dropped` |");
  expect(told).toEqual(Object.entries(notRedactedReasons).map(([name, text]) => [`\`${name}\``, text]));
});

test("docs/payload.md tells each reason why a body was not stored aside, as the code does", () => {
  const told = tableRows(textOf("docs/payload.md"), "| `body_cut` |");
  expect(told).toEqual(Object.entries(asideFaults).map(([name, text]) => [`\`${name}\``, text]));
});

test("docs/monitoring.md tells each gauge, and no other, as the code does", () => {
  const told = tableRows(textOf("docs/monitoring.md"), "| Gauge | Labels |");
  expect(told.map(([name, , meaning]) => [name, meaning])).toEqual(
    Object.entries(gaugeMeanings).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
});

test("docs/monitoring.md and the code tell the same of signals of completeness", () => {
  const [told, inCode] = ["docs/monitoring.md", "src/monitor/completeness/completeness-signal.ts"].map(
    (path) => tableRows(textOf(path), "| Signal | Value |").map(([signal]) => codesIn(signal)),
  );
  expect(told).toHaveLength(9);
  expect(told).toEqual(inCode);
});

describe("diagnostics channels", () => {
  const head = "| Channel `model-data-collector:` |";
  const told = tableRows(operations, head);

  test("have the names and fields that docs/operations.md tells", () => {
    const events = types.fields("src/collector/report/diagnostics.ts", "DiagnosticEvents");
    const common = ["endpoint", "deployment"];
    for (const fields of events.values()) expect(fields).toEqual(expect.arrayContaining(common));
    const own = [...events].map(([name, fields]) => [
      name,
      fields.filter((field) => !common.includes(field)).toSorted(),
    ]);
    expect(told.map(([name, , fields]) => [codesIn(name)[0], codesIn(fields).toSorted()])).toEqual(own);
  });

  test("are told alike in the code and in docs/operations.md", () => {
    expect(tableRows(textOf("src/collector/report/diagnostics.ts"), head)).toEqual(told);
  });
});

describe("metrics", () => {
  test("have a name of their own each", () => {
    const names = instruments.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("give no attributes but those that they are said to have, with values that they are said to have", () => {
    for (const { name, attributes, read } of instruments) {
      for (const measurement of read(measured)) {
        for (const [key, value] of Object.entries(measurement.attributes)) {
          expect(attributes, name).toContain(key);
          const values: readonly string[] | undefined = attributeValues[key as keyof typeof attributeValues];
          if (values !== undefined) expect(values, name).toContain(value);
        }
      }
    }
  });

  test("give each attribute that they are said to have, with each of its values", () => {
    for (const { name, attributes, read } of instruments) {
      const all = [...read(measured)];
      for (const attribute of attributes) {
        const given = new Set(all.flatMap((each) => each.attributes[attribute] ?? []));
        expect([...given], name).toEqual(attributeValues[attribute] ?? [expect.any(String)]);
      }
    }
  });
});

describe("mdc", () => {
  const documents = ["README.md", "docs/operations.md", "docs/configuration.md", "docs/stored-data.md"];

  test("tells its exit codes in the help", () => {
    const text = programHelp(commands).join(" ");
    const told = [...text.slice(text.indexOf("Exit codes:")).matchAll(/(\d) [a-z]/g)];
    expect(told.map(([, code]) => Number(code))).toEqual(Object.values(exitCode));
  });

  test.each(documents)("has each command and each option that %s names", (path) => {
    const code = [...textOf(path).matchAll(/^```sh\n([^]*?)^```|`([^`\n]+)`/gm)].map(
      ([, block = "", span = ""]) => block + span,
    );
    for (const [line, words = ""] of code.join("\n").matchAll(/^(?:npx )?mdc((?: [a-z]+)+).*/gm)) {
      const known = Object.keys({ ...commandAt(words.trim().split(" ")).options, ...commonOptions });
      for (const [, option] of line.matchAll(/ --([a-z-]+)/g)) expect(known, line).toContain(option);
    }
  });

  test("has no command that docs/operations.md leaves out", () => {
    for (const path of pathsOf(commands)) {
      // Those that read are named by their name alone.
      const told = path.includes(" ") ? `^mdc ${path} ` : `\`(mdc )?${path}\``;
      expect(operations).toMatch(new RegExp(told, "m"));
    }
  });
});

describe("README.md", () => {
  test("tells each account that a frame can be in, and no other", () => {
    const accounts = types.texts("src/pipeline/ledger.ts", "Account");
    const [, told = ""] = /under exactly one of: ([^]*?), or dropped/.exec(readme) ?? [];
    const names = told
      .split(",")
      .map((words) => words.trim().replace(/ (.)/, (_, letter: string) => letter.toUpperCase()));
    expect(names.toSorted()).toEqual(accounts.toSorted());
  });

  test("tells each type of a column, and no other", () => {
    const told = [
      ...tableRows(readme, "| Value | Column type |"),
      ...tableRows(readme, "| Type | Column type |"),
    ]
      .flatMap(([, type]) => codesIn(type?.split(":")[0]))
      .map((type) => type.replace("list(…)", "list"));
    const columnTypes = [...scalarTypes.filter((type) => type !== "int32"), "list"];
    expect([...new Set(told)].toSorted()).toEqual(columnTypes.toSorted());
  });
});

/** The command of so many words; throws if there is none. Words behind one that runs are its own. */
function commandAt(words: readonly string[], among: readonly Command[] = commands): Command {
  const [name, ...rest] = words;
  const found = among.find((command) => command.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return "subcommands" in found && rest.length > 0 ? commandAt(rest, found.subcommands) : found;
}

/** The words of each command that runs. */
function pathsOf(among: readonly Command[]): string[] {
  return among.flatMap((command) =>
    "subcommands" in command
      ? pathsOf(command.subcommands).map((path) => `${command.name} ${path}`)
      : command.name,
  );
}

/** The code that stands in the first cell of each row; every one of them, if there are several. */
function firstCodes(text: string, head: string): string[] {
  return tableRows(text, head).flatMap(([first]) => codesIn(first));
}

const entry = {
  offered: 9,
  sampledOut: 1,
  disabled: 1,
  delivered: 1,
  spooled: 1,
  buffered: 1,
  dropped: { muted: 4 },
  recalled: 1,
};

/** A deployment of which everything that can be measured is there. */
const measured: Parameters<Instrument["read"]>[0] = {
  stats: new Map([["model_inputs", { frames: entry, rows: entry, bytes: entry }]]),
  status: {
    status: "degraded",
    reasons: [],
    spool: { bytes: 1, segments: 1, oldestAgeMs: 1, quarantined: 1 },
    recovered: { delivered: { frames: 0, rows: 0, bytes: 0 }, lost: { frames: 0, rows: 0, bytes: 0 } },
  },
};

const begin =
  "<!-- The table of metrics is made by a test: `npx vitest run test/package/tables.test.ts -u` -->";
const end = "<!-- End of the table of metrics -->";

/** `document` with the table of metrics, made anew, between its two marks. */
function withMetricsTable(document: string): string {
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error("the document has no marks of the table of metrics");
  const rows = instruments.map(({ name, kind, unit, description, attributes }) => [
    `\`${name}\``,
    kind,
    `\`${unit}\``,
    attributes.map((attribute) => attributeText(attribute)).join("; "),
    description,
  ]);
  const heading = ["Instrument", "Kind", "Unit", "Further attributes", "Meaning"];
  const table = [heading, heading.map(() => "-"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`);
  return `${before}${begin}\n\n${table.join("")}\n${end}${after}`;
}

function attributeText(attribute: Instrument["attributes"][number]): string {
  const values = attributeValues[attribute]?.map((value) => `\`${value}\``).join(", ");
  const when = attribute === "mdc.reason" ? " of what was dropped" : "";
  return `\`${attribute}\`${values === undefined ? when : `: ${values}`}`;
}
