import { messageOf } from "../base/errors.ts";
import { errorCode } from "../base/files/file-system.ts";
import { StoreError } from "./store-error.ts";

/**
 * The error for a package that cannot be loaded, and that users install if they want what it does: an
 * optional peer. It says what to install. `use` is what needs it, as the beginning of a sentence. To be
 * thrown where `import` stands within `try` itself, so that bundlers see that the package may be missing.
 */
export function missingPeer(thrown: unknown, name: string, use: string): StoreError {
  const code = errorCode(thrown);
  const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  const fault = isMissing
    ? `is not installed; ${use} needs it: npm install ${name}`
    : `cannot be loaded: ${messageOf(thrown).slice(0, 300)}`;
  return new StoreError("configuration", `the package ${name} ${fault}`, {
    operation: "open",
    ...(code === undefined ? {} : { code }),
  });
}
