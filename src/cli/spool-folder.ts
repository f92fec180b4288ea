import { readEnvironment } from "../config/environment.ts";
import { type ResolvedDeployment, resolveDeployment } from "../config/resolve.ts";
import type { CommandInput, CommandOptions } from "./command.ts";

/** What every command about the spool takes. */
export const spoolOptions: CommandOptions = {
  spool: {
    type: "string",
    value: "<folder>",
    description: "the spool's folder; default MDC_SPOOL_DIR, then those that belong to --root",
  },
};

/**
 * The deployment, with spool and destination, that a command line is about. Throws what is wrong with either.
 */
export function spoolOf(input: CommandInput): ResolvedDeployment {
  const [root, directory] = [input.text("root"), input.text("spool")];
  return resolveDeployment(
    {
      ...(root === undefined ? {} : { destination: root }),
      ...(directory === undefined ? {} : { spool: { directory } }),
    },
    readEnvironment(),
    "mdc spool",
  );
}

/**
 * The folders in which data of a deployment can wait: the one that is wanted, and those that stand in for it
 * where it cannot be written. None if nobody can tell.
 */
export function spoolFoldersOf({ config, spoolPlace }: ResolvedDeployment): readonly string[] {
  const folders = [config.spool.directory, ...spoolPlace.folders.map(({ directory }) => directory)];
  return [...new Set(folders)].filter((folder) => folder !== "");
}

/** What is in several folders, one after another. */
export async function inEach<T>(
  folders: readonly string[],
  list: (folder: string) => Promise<readonly T[]> | readonly T[],
): Promise<readonly T[]> {
  const found: T[] = [];
  for (const folder of folders) found.push(...(await list(folder)));
  return found;
}
