import { findPackageJSON } from "node:module";
import { readFileSync } from "node:fs";

/** The version of a package as this one would load it; undefined if it would not, or nobody can tell. */
export function installedVersion(name: string): string | undefined {
  try {
    const path = findPackageJSON(name, import.meta.url);
    if (path === undefined) return undefined;
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
