import type { CollectionSummary } from "../../reader/collection-summary.ts";
import type { RunnableCommand } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { withDataset } from "../with-dataset.ts";
import type { Text } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { bytesText, countText, timeText } from "../text/value-text.ts";

/** `mdc ls`: what there is. */
export const ls: RunnableCommand = {
  name: "ls",
  summary: "list the collections, with their files, rows, bytes and times",
  parameters: "[--endpoint <name>] [--deployment <name>]",
  positionals: [0, 0],
  options: {
    endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
    deployment: { type: "string", value: "<name>", description: "only this deployment" },
  },
  examples: ["mdc ls", "mdc ls --root https://account.blob.core.windows.net/container/prefix --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    terminal.progress("reading footers …");
    const { root, collections } = await withDataset(input, async (data) => ({
      root: data.root,
      collections: await data.collections(),
    }));
    if (input.flag("json")) {
      terminal.json(collections);
    } else if (collections.length === 0) {
      terminal.err(`nothing is stored under ${root}`);
    } else {
      for (const line of listing(collections, terminal)) terminal.out(line);
    }
    return tellUnreadable(
      collections.flatMap(({ unreadable }) => unreadable),
      terminal,
    );
  },
};

function listing(collections: readonly CollectionSummary[], { width }: { readonly width: number }): Text[] {
  const columns = [
    { title: "collection" },
    { title: "endpoint/deployment" },
    { title: "files", align: "right" as const },
    { title: "rows", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "from (UTC)" },
    { title: "to (UTC)" },
  ];
  const rows = collections.map((one) => [
    one.name,
    `${one.endpoint}/${one.deployment}`,
    countText(one.files),
    countText(one.rows),
    bytesText(one.bytes),
    timeText(one.from).slice(0, 19),
    timeText(one.to).slice(0, 19),
  ]);
  return textTable(columns, rows, { width });
}
