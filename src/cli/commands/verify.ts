import { type Verification, verify } from "../../reader/verify/verify.ts";
import { type RunnableCommand, timeOption } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { bold, type Terminal } from "../terminal.ts";
import { amountText } from "../text/value-text.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";

/** `mdc verify`: whether stored data is sound. */
export const verifyCommand: RunnableCommand = {
  name: "verify",
  summary: "look through what is stored for damage, wrong types, duplicates, orphans, clocks and gaps",
  parameters: "[--from <time>] [--to <time>] [--full]",
  positionals: [0, 0],
  options: {
    from: { type: "string", value: "<time>", description: "only files of requests from this UTC time on" },
    to: { type: "string", value: "<time>", description: "only files of requests before this UTC time" },
    full: { type: "boolean", description: "decode every column, not only ids and times" },
    ...datasetOptions,
  },
  examples: ["mdc verify --from 2026-11-22", "mdc verify --full --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const range = {
      from: timeOption(input, "from")?.getTime() ?? Number.NEGATIVE_INFINITY,
      to: timeOption(input, "to")?.getTime() ?? Number.POSITIVE_INFINITY,
    };
    const { root, found } = await withDataset(input, async (data, catalog) => ({
      root: data.root,
      found: await verify(catalog, {
        range,
        full: input.flag("full"),
        onProgress: (done, files) =>
          terminal.progress(`${done} of ${amountText(files, "file")} …`, done / files),
      }),
    }));
    if (input.flag("json")) terminal.json(found);
    else if (found.files === 0 && found.findings.length === 0) terminal.err(await nothingStored(root));
    else tell(found, terminal);
    return found.findings.some(({ level }) => level === "problem") ? exitCode.data : exitCode.ok;
  },
};

function tell({ files, rows, findings }: Verification, terminal: Terminal): void {
  for (const { kind, level, where, message, advice } of findings) {
    terminal.out(bold(`${level}: ${kind}`), `: ${where}: ${message}`);
    terminal.out(`  ${advice}`);
  }
  const problems = findings.filter(({ level }) => level === "problem").length;
  const notes = findings.length - problems;
  const also = notes === 0 ? "" : `, ${amountText(notes, "note")}`;
  terminal.err(
    `${amountText(rows, "row")} in ${amountText(files, "file")}: ${amountText(problems, "problem")}${also}`,
  );
}
