import { quote } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import type { DataFile } from "../../reader/data-file.ts";
import { type LinesSummary, type Survey, survey } from "../../reader/collection-summary.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { postedElsewhere, waitingLines } from "../waiting.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";
import type { Text } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
import { tellFooters } from "../text/footers-progress.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { bytesText, countText, timeText } from "../text/value-text.ts";

/** `mdc ls`: what there is. */
export const ls: RunnableCommand = {
  name: "ls",
  summary: "list the collections, with their files, rows, bytes and times, and what waits to be stored",
  parameters: "[--endpoint <name>] [--deployment <name>]",
  positionals: [0, 0],
  options: datasetOptions,
  examples: ["mdc ls", "mdc ls --root https://account.blob.core.windows.net/container/prefix --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    terminal.progress("reading footers …");
    const { root, found } = await withDataset(input, async (data, catalog) => {
      const found = await survey(catalog, tellFooters(terminal));
      if (isEmpty(found)) await refuseScope(input, data.root);
      return { root: data.root, found };
    });
    const { collections, lines } = found;
    if (input.flag("json")) {
      terminal.json([
        ...collections.map((one) => ({ format: "parquet", ...one })),
        ...lines.map((one) => ({ format: "jsonl", ...one, rows: null })),
      ]);
    } else {
      if (isEmpty(found)) terminal.err(await nothingStored(root));
      else for (const line of listing(found, terminal)) terminal.out(line);
      if (lines.length > 0)
        terminal.err("of JSON lines only files and sizes are told here; mdc head shows their rows");
      for (const line of [...postedElsewhere(input), ...(await waitingLines(input))]) terminal.err(line);
    }
    return tellUnreadable(
      collections.flatMap(({ unreadable }) => unreadable),
      terminal,
    );
  },
};

function isEmpty({ collections, lines }: Survey): boolean {
  return collections.length + lines.length === 0;
}

/** {@link UsageError} if it is only of this endpoint or deployment that there is nothing. */
async function refuseScope(input: CommandInput, root: string): Promise<void> {
  if ((await waitingLines(input)).length > 0) return;
  for (const option of ["endpoint", "deployment"] as const) {
    const given = input.text(option);
    if (given === undefined) continue;
    const names = await namesOf(input, option);
    if (names.length === 0 || names.includes(given)) continue;
    const near = nearest(given, names);
    const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`;
    throw new UsageError(`--${option}: nothing is stored under ${root} of ${quote(given)}; ${hint}`);
  }
}

/** The endpoints, or deployments, of which something is stored. */
async function namesOf(input: CommandInput, option: "endpoint" | "deployment"): Promise<readonly string[]> {
  const everything = { ...input, text: (name: string) => (name === "root" ? input.text(name) : undefined) };
  return await withDataset(everything, async (_, catalog) => {
    const names = new Set<string>();
    const note = (file: DataFile): void => void names.add(file[option]);
    for await (const file of catalog.files({ onUnusable: (_log, _thrown, one) => note(one) })) note(file);
    return [...names].sort();
  });
}

function listing({ collections, lines }: Survey, { width }: { readonly width: number }): Text[] {
  const columns = [
    { title: "collection" },
    { title: "endpoint/deployment" },
    { title: "files", align: "right" as const },
    { title: "rows", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "from (UTC)" },
    { title: "to (UTC)" },
  ];
  const row = (one: LinesSummary, rows: string): string[] => [
    one.name,
    `${one.endpoint}/${one.deployment}`,
    countText(one.files),
    rows,
    bytesText(one.bytes),
    timeText(one.from).slice(0, 19),
    timeText(one.to).slice(0, 19),
  ];
  const rows = [
    ...collections.map((one) => row(one, countText(one.rows))),
    ...lines.map((one) => row(one, "(jsonl)")),
  ];
  return textTable(columns, rows, { width });
}
