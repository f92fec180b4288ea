import { collectionKey } from "../layout/collection-key.ts";
import { type SpooledFrame, spooledFrames, type SpooledFramesOptions } from "../operator/spooled-frames.ts";
import type { CommandInput } from "./command.ts";
import { spoolFoldersOf, spoolOf } from "./spool-folder.ts";

/** What of this host's spool a command asks for. */
export interface LiveOptions {
  readonly collection?: string;
  readonly correlationId?: string;
  /** By spool folder: see `SpooledFramesOptions`. */
  readonly progress?: Map<string, Map<string, number>>;
}

/**
 * What waits on this machine for the place that a command line names. None where this process cannot tell
 * which spool it is, or may not look: whoever only reads needs none. To be read before the store, so that
 * what is delivered in between is seen there.
 */
export function waitingFrames(input: CommandInput, options: LiveOptions): SpooledFrame[] {
  const { collection, correlationId, progress } = options;
  const [endpoint, deployment] = [input.text("endpoint"), input.text("deployment")];
  const of: SpooledFramesOptions["of"] = (label) =>
    (collection === undefined || collectionKey(label.collection) === collectionKey(collection)) &&
    (endpoint === undefined || label.endpoint === endpoint) &&
    (deployment === undefined || label.deployment === deployment);
  const found: SpooledFrame[] = [];
  try {
    for (const directory of spoolFoldersOf(spoolOf(input))) {
      const known = progress?.get(directory) ?? new Map<string, number>();
      progress?.set(directory, known);
      const id = correlationId === undefined ? {} : { correlationId };
      found.push(...spooledFrames(directory, { of, progress: known, ...id }));
    }
  } catch {
    return found;
  }
  return found;
}
