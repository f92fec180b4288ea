import { type Dataset, openDataset } from "../reader/dataset.ts";
import type { CommandInput } from "./command.ts";

/** Runs `use` on the data that a command line names: `--root`, else what `openDataset` finds without one. */
export async function withDataset<T>(input: CommandInput, use: (data: Dataset) => Promise<T>): Promise<T> {
  const endpoint = input.text("endpoint");
  const deployment = input.text("deployment");
  await using data = await openDataset(input.text("root"), {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(deployment === undefined ? {} : { deployment }),
  });
  return await use(data);
}
