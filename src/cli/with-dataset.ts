import { readEnvironment } from "../config/environment.ts";
import { type Dataset, datasetOf, openDataset } from "../reader/dataset.ts";
import { openRoot } from "../reader/open-root.ts";
import type { CommandInput } from "./command.ts";

/** Runs `use` on the data that a command line names: `--root`, else what `MDC_DESTINATION` says, else `./collected`. */
export async function withDataset<T>(input: CommandInput, use: (data: Dataset) => Promise<T>): Promise<T> {
  const data = await open(input);
  try {
    return await use(data);
  } finally {
    await data.close();
  }
}

async function open(input: CommandInput): Promise<Dataset> {
  const endpoint = input.text("endpoint");
  const deployment = input.text("deployment");
  const scope = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(deployment === undefined ? {} : { deployment }),
  };
  const root = input.text("root");
  if (root !== undefined) return await openDataset(root, scope);
  const fromEnvironment = readEnvironment().settings.destination;
  if (fromEnvironment === undefined) return await openDataset("./collected", scope);
  return datasetOf(openRoot(fromEnvironment, undefined), scope);
}
