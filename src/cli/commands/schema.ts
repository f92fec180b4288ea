import { quote } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { type CollectionSummary, type Survey, survey } from "../../reader/collection-summary.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { CommandInput, RunnableCommand } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";
import { bold, dim } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
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
    const { root, found } = await withDataset(input, async (data, catalog) => ({
      root: data.root,
      found: await survey(catalog),
    }));
    const { collections } = found;
    const [name] = input.positionals;
    const chosen = name === undefined ? collections : collections.filter((one) => isCalled(one, name));
    if (chosen.length === 0) {
      const waiting = await waitingLines(input, name);
      input.terminal.err(
        name === undefined ? await nothingStored(root) : `mdc: ${notThere(name, root, found)}`,
      );
      for (const line of waiting) input.terminal.err(line);
      if (name === undefined) return exitCode.ok;
      return waiting.length > 0 ? exitCode.data : exitCode.usage;
    }
    show(chosen, input);
    return tellUnreadable(
      chosen.flatMap(({ unreadable }) => unreadable),
      input.terminal,
    );
  },
};

function isCalled(collection: { readonly name: string }, name: string): boolean {
  return collectionKey(collection.name) === collectionKey(name);
}

/** That there is no such collection, and what may have been meant. */
function notThere(name: string, root: string, { collections, lines }: Survey): string {
  if (lines.some((one) => isCalled(one, name)))
    return `${quote(name)} is stored as JSON lines under ${root}, of which mdc reads no columns`;
  const names = [...new Set(collections.map((one) => one.name))];
  if (names.length === 0) return `nothing is stored under ${root}`;
  const near = nearest(name, names);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return `no collection ${quote(name)} under ${root}${hint}; there are: ${names.join(", ")}`;
}

function show(collections: readonly CollectionSummary[], input: CommandInput): void {
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
