import { messageOf } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { StoreError } from "../store-error.ts";

/** They are loaded when they are first needed, or cannot be. */
type AzureLibrary = "@azure/core-rest-pipeline" | "@azure/identity" | "@azure/storage-blob";

/** What is not installed with us, for most need none of its thirty packages. */
const needed = "a destination in Azure without connection string, signature or credential needs it";
const hints: Partial<Record<AzureLibrary, string>> = {
  "@azure/identity": `; ${needed}: npm install @azure/identity`,
};

/**
 * Why a library could not be loaded: it is not installed, or what it said itself. A bundle may well hold it
 * and fail on what it needs in its turn.
 */
export function libraryError(name: AzureLibrary, thrown: unknown): StoreError {
  const code = errorCode(thrown);
  const message = messageOf(thrown).split("\n", 1)[0] ?? "";
  const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  const fault =
    isMissing && message.includes(name)
      ? `is not installed${hints[name] ?? ""}`
      : `cannot be loaded: ${message.slice(0, 300)}`;
  return new StoreError("configuration", `the package ${name} ${fault}`, {
    operation: "open",
    ...(code === undefined ? {} : { code }),
  });
}
