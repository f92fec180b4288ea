import { noCounts } from "../../base/counts.ts";
import { messageOf } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { type Found, recoverFile } from "./recover-file.ts";
import { type Candidate, candidatesIn } from "./recovery-candidates.ts";
import { lost, type RecoveryContext } from "./recovery-context.ts";

/**
 * Brings every segment in one folder into the sealed state, oldest first, one at a time. Whatever the bytes
 * and whatever the disk does, it ends and does not throw: a file that cannot be dealt with now is left for
 * the next time. Then it can be told to look at the files of these names only, `wanted`.
 */
export async function* recoverFolder(
  context: RecoveryContext,
  directory: string,
  recovered: boolean,
  wanted?: ReadonlySet<string>,
): AsyncGenerator<Found, void, undefined> {
  let candidates: readonly Candidate[] = [];
  try {
    candidates = await candidatesIn(context, directory, wanted);
  } catch (error) {
    context.onLeft(undefined);
    lost(context, "corrupt", noCounts, `${directory} is left for later: ${messageOf(error)}`);
  }
  for (const candidate of candidates) {
    try {
      const found = await recoverFile(context, directory, candidate, recovered);
      if (found !== undefined) yield found;
    } catch (error) {
      if (errorCode(error) === "ENOENT") continue;
      context.onLeft(candidate.name);
      lost(context, "corrupt", noCounts, `${candidate.name} is left for later: ${messageOf(error)}`);
    }
  }
}
