/** Name and version of a registered model, as far as a reference tells them. */
export interface ModelReference {
  readonly name: string | null;
  readonly version: string | null;
}

/**
 * Reads how Azure ML refers to a model: `azureml:<name>:<version>`, `azureml:<name>@<label>`, and the long forms of a workspace
 * and a registry, which end in `/models/<name>/versions/<version>` or `/labels/<label>`. A label names no version. Undefined for
 * anything else, such as a local path. (Microsoft Learn: "CLI (v2) core YAML syntax", "Reference".)
 */
export function readModelReference(text: string): ModelReference | undefined {
  const short = /^(?:azureml:)?(?<name>[A-Za-z0-9][\w.-]*)(?::(?<version>[\w.-]+)|@[\w.-]+)$/.exec(text);
  const long = /\/models\/(?<name>[^/]+)\/(?:versions\/(?<version>[^/]+)|labels\/[^/]+)$/i.exec(text);
  const found = (short ?? long)?.groups;
  return found === undefined ? undefined : { name: found["name"] ?? null, version: found["version"] ?? null };
}
