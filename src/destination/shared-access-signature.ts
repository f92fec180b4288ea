/**
 * Reads a shared access signature, with or without a leading `?`, and gives its query without that. Undefined
 * for what is none: each names its version (`sv`) and ends in a signature (`sig`), whatever its kind. Azure:
 * "Create a service SAS", "Create an account SAS", "Create a user delegation SAS".
 */
export function readSharedAccessSignature(text: string): string | undefined {
  const query = text.trim().replace(/^\?/, "");
  if (/[^\x21-\x7e]|[#;?]/.test(query)) return undefined;
  const fields = new URLSearchParams(query);
  const once = (name: string): boolean => {
    const [value, another] = fields.getAll(name);
    return Boolean(value) && another === undefined;
  };
  return once("sv") && once("sig") ? query : undefined;
}
