import { messageOf } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { StoreError } from "../../store/store-error.ts";

/**
 * Loads a package that users install if they want what it does: an optional peer. `use` is what needs it, as
 * the beginning of a sentence. A `StoreError` that says what to do where it is not installed.
 */
export async function loadPeer<T>(name: string, use: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    const code = errorCode(thrown);
    const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    const fault = isMissing
      ? `is not installed; ${use} needs it: npm install ${name}`
      : `cannot be loaded: ${messageOf(thrown).slice(0, 300)}`;
    throw new StoreError("configuration", `the package ${name} ${fault}`, {
      operation: "open",
      ...(code === undefined ? {} : { code }),
    });
  }
}
