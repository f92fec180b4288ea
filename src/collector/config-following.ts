import { messageOf } from "../base/errors.ts";
import { isMountedAlone } from "../base/host/mounts.ts";
import { watchTextFiles } from "../base/files/text-file.ts";
import type { Clock } from "../base/time/clock.ts";
import type { MutableConfigHandle } from "../config/config-handle.ts";
import type { ResolvedFiles } from "../config/resolve.ts";
import type { Reporter } from "./report/reporter.ts";
import { warnOfSlips } from "./report/slips.ts";
import type { StatusBoard } from "./report/status-board.ts";

/** What {@link followConfigFiles} works with. */
export interface ConfigFollowingParts {
  readonly clock: Clock;
  readonly handle: Pick<MutableConfigHandle, "rebase">;
  readonly board: Pick<StatusBoard, "hold" | "hint">;
  readonly reporter: Pick<Reporter, "trouble">;
}

/** How often the file is looked at, milliseconds. A change holds after two looks that saw the same. */
const everyMs = 500;
/** Of the reports, and of what the status shows as long as a file is wrong. */
const reason = "config_refused";

/**
 * Takes over what the configuration files say, whenever that changes, in one step. If one is wrong or cannot
 * be read, what held before goes on, and that is told and shown until it is right again. Dispose to follow
 * them no more.
 */
export function followConfigFiles(
  { files, contents, resolve }: ResolvedFiles,
  { clock, handle, board, reporter }: ConfigFollowingParts,
): Disposable {
  const refuse = (why: string): void => {
    const text = `${why}; the configuration of before still holds`;
    board.hold(reason, text);
    reporter.trouble("CONFIG_REFUSED", reason, () => text, {});
  };
  for (const { path } of files) {
    if (!isMountedAlone(path)) continue;
    const text = mountedAlone(path);
    board.hint(text);
    warnOfSlips([text]);
  }
  return watchTextFiles({
    ...{ files, contents, clock, everyMs },
    onChange: (changed) => {
      try {
        handle.rebase(resolve(changed));
        board.hold(reason, undefined);
      } catch (thrown) {
        refuse(messageOf(thrown));
      }
    },
    onTrouble: (path, { message }) => refuse(`${path} cannot be read (${message})`),
  });
}

/** What is told of a file that is mounted by itself. */
export function mountedAlone(path: string): string {
  return `${path} is mounted by itself (a subPath, or a bind mount of the file): changes that put another file in its place are not seen; mount its folder`;
}
