/** Name and version of a registered model, as far as a reference tells them. */
export interface ModelReference {
  readonly name: string | null;
  readonly version: string | null;
}

const short = /^(?<name>[A-Za-z0-9][\w.-]*)(?::(?<version>[\w.-]+)|@[\w.-]+)?$/;
const long = /\/models\/(?<name>[A-Za-z0-9][\w.-]*)(?:\/versions\/(?<version>[\w.-]+)|\/labels\/[\w.-]+)?$/i;

/**
 * Reads how Azure ML refers to a model: `azureml:<name>`, alone or with `:<version>` or `@<label>`, and the
 * long forms of a workspace (`azureml:/subscriptions/…`, `azureml://subscriptions/…`) and a registry
 * (`azureml://registries/…`), which end in `/models/<name>/versions/<version>`. No version and a label both
 * name no version. Undefined for what names no model: a local path, files of a datastore or a job.
 * `malformed` for what begins as one of the above and is none. (Microsoft Learn: "CLI (v2) core YAML syntax",
 * "Reference".)
 */
export function readModelReference(text: string): ModelReference | "malformed" | undefined {
  const isLong = /^(azureml:\/|\/subscriptions\/)/i.test(text);
  if (isLong && !/\/models\//i.test(text)) return undefined;
  const prefixed = /^azureml:/i.test(text);
  const found = isLong ? long.exec(text) : short.exec(text.replace(/^azureml:/i, ""));
  const { name, version } = found?.groups ?? {};
  // Without its prefix a name alone is a file's.
  if (!prefixed && !isLong && !/[:@]/.test(text)) return undefined;
  if (name === undefined) return prefixed || isLong ? "malformed" : undefined;
  return { name, version: version ?? null };
}
