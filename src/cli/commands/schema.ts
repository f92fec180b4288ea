import { collectionKey } from "../../layout/collection-key.ts";
import { everyTime } from "../../layout/partition.ts";
import { typeText } from "../../layout/column-type.ts";
import { type Catalog, createCatalog } from "../../reader/catalog.ts";
import {
  type CollectionSummary,
  type LinesSummary,
  type Survey,
  survey,
} from "../../reader/collection-summary.ts";
import { exportColumns } from "../../reader/export/export-columns.ts";
import { NoCollectionError } from "../../reader/table.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { CommandInput, RunnableCommand } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";
import { bold, dim } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
import { tellFooters } from "../text/footers-progress.ts";
import { tellUnreadable } from "../text/unreadable.ts";

/** `mdc schema`: the columns and their types. */
export const schema: RunnableCommand = {
  name: "schema",
  summary: "show the columns of a collection and their types",
  parameters: "[<collection>] [--system]",
  positionals: [0, 1],
  options: {
    system: { type: "boolean", description: "show the mdc_ columns too, which every collection has" },
    ...datasetOptions,
  },
  examples: ["mdc schema", "mdc schema model_inputs --system"],
  async run(input): Promise<ExitCode> {
    input.terminal.progress("reading footers …");
    const [name] = input.positionals;
    const isMeant = (one: { readonly name: string }): boolean => name === undefined || isCalled(one, name);
    const { root, chosen } = await withDataset(input, async (data, catalog) => {
      const found = await survey(catalog, tellFooters(input.terminal));
      const lines = found.lines.filter(isMeant).map((one) => describeLines(catalog, one));
      const chosen = [...found.collections.filter(isMeant), ...(await Promise.all(lines))];
      if (chosen.length === 0 && name !== undefined)
        throw new NoCollectionError(name, catalog, namesOf(found));
      return { root: data.root, chosen };
    });
    if (chosen.length === 0) {
      input.terminal.err(await nothingStored(root));
      for (const line of await waitingLines(input)) input.terminal.err(line);
      return exitCode.ok;
    }
    show(chosen, input);
    return tellUnreadable(
      chosen.flatMap(({ unreadable }) => unreadable),
      input.terminal,
    );
  },
};

/** What is shown of a collection. */
type Described = Pick<CollectionSummary, "name" | "endpoint" | "deployment" | "columns" | "unreadable">;

/** Records tell no types: those that are pinned, or of others' files what their values look like. */
async function describeLines({ store }: Catalog, one: LinesSummary): Promise<Described> {
  const { name, endpoint, deployment } = one;
  const unreadable: UnreadableFile[] = [];
  const own = createCatalog(store, { endpoint, deployment });
  const schema = await exportColumns(own, name, everyTime, undefined, (file) => unreadable.push(file));
  const columns = Array.from(schema, ([column, type]) => ({ name: column, type: typeText(type) }));
  return { name, endpoint, deployment, columns, unreadable };
}

function isCalled(collection: { readonly name: string }, name: string): boolean {
  return collectionKey(collection.name) === collectionKey(name);
}

function namesOf({ collections, lines }: Survey): string[] {
  return [...new Set([...collections, ...lines].map((one) => one.name))];
}

function show(collections: readonly Described[], input: CommandInput): void {
  const { terminal } = input;
  const shown = collections.map(({ name, endpoint, deployment, columns }) => ({
    name,
    endpoint,
    deployment,
    columns: columns.filter((column) => input.flag("system") || !isSystemColumn(column.name)),
  }));
  if (input.flag("json")) {
    terminal.json(shown);
    return;
  }
  for (const [i, { name, endpoint, deployment, columns }] of shown.entries()) {
    if (i > 0) terminal.out("");
    terminal.out(bold(name), " ", dim(`(${endpoint}/${deployment})`));
    const rows = columns.map((column) => [`  ${column.name}`, column.type]);
    for (const line of textTable([{ title: "  column" }, { title: "type" }], rows, {
      width: terminal.width,
    })) {
      terminal.out(line);
    }
  }
}
