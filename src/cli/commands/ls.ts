import { type LinesSummary, type Survey, survey } from "../../reader/collection-summary.ts";
import type { RunnableCommand } from "../command.ts";
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
    const { root, found } = await withDataset(input, async (data, catalog) => ({
      root: data.root,
      found: await survey(catalog, tellFooters(terminal)),
    }));
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
