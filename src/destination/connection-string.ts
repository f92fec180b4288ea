import { readSharedAccessSignature } from "./shared-access-signature.ts";

/** What a connection string proves. */
export type ConnectionSecret =
  | { readonly kind: "key"; readonly accountName: string; readonly accountKey: string }
  /** The public key of a local emulator. */
  | { readonly kind: "emulator" }
  /** The query of a shared access signature, without `?`. */
  | { readonly kind: "sas"; readonly query: string };

/**
 * Reads an Azure storage connection string (Azure: "Configure Azure Storage connection strings"), of which
 * only the "who" counts (`AccountName` with `AccountKey`, or `SharedAccessSignature`, or
 * `UseDevelopmentStorage=true`): where, the destination says. Undefined for what is none, or has a field
 * twice: which one counts, every library decides for itself.
 */
export function readConnectionString(text: string): ConnectionSecret | undefined {
  const fields = new Map<string, string>();
  for (const part of text.split(";")) {
    const equals = part.indexOf("=");
    if (equals <= 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    if (fields.has(name)) return undefined;
    fields.set(name, part.slice(equals + 1).trim());
  }
  const accountName = fields.get("accountname");
  const accountKey = fields.get("accountkey");
  if (accountName && accountKey) {
    return isPlain(accountName) && isPlain(accountKey) ? { kind: "key", accountName, accountKey } : undefined;
  }
  const sas = fields.get("sharedaccesssignature");
  if (sas) {
    const query = readSharedAccessSignature(sas);
    return query === undefined ? undefined : { kind: "sas", query };
  }
  return fields.get("usedevelopmentstorage")?.toLowerCase() === "true" ? { kind: "emulator" } : undefined;
}

/** What can stand in a header of a request. */
function isPlain(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
