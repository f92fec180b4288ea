import { openRoot } from "../../../reader/open-root.ts";
import type { UpkeepStore } from "../../../store/store.ts";
import { refuseAbsent, scopeOf } from "../../absent.ts";
import type { CommandInput, CommandOptions } from "../../command.ts";
import { leaveNothing } from "../../running/leave-nothing.ts";
import { refuseWrongRoot } from "../../with-dataset.ts";

/** The options of every command that takes stored files away. */
export const upkeepOptions: CommandOptions = {
  endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
  deployment: { type: "string", value: "<name>", description: "only this deployment" },
  collection: {
    type: "string",
    multiple: true,
    value: "<name>",
    description: "only this collection; can be given several times",
  },
  "dry-run": { type: "boolean", description: "say what would be done, and do nothing" },
};

/** What the options of {@link upkeepOptions} say. */
export interface UpkeepScope {
  readonly endpoint: string | undefined;
  readonly deployment: string | undefined;
  readonly collections: readonly string[];
  readonly dryRun: boolean;
}

/** Runs `use` on the place that a command line names; what it names has to be there. */
export async function withStore<T>(
  input: CommandInput,
  use: (store: UpkeepStore, scope: UpkeepScope) => Promise<T>,
): Promise<T> {
  using _ = leaveNothing();
  const given = input.text("root");
  const store = openRoot(given, undefined);
  try {
    if (given !== undefined) await refuseWrongRoot(store.description);
    const collections = input.texts("collection");
    await refuseAbsent(input, store, collections);
    const { endpoint, deployment } = scopeOf(input);
    return await use(store, { endpoint, deployment, collections, dryRun: input.flag("dry-run") });
  } finally {
    await store.close();
  }
}
