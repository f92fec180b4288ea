import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * What a thread needs on its command line to find packages where Yarn's Plug'n'Play keeps them: in archives
 * that only its hooks can read. Nothing where there is none of it.
 *
 * https://yarnpkg.com/advanced/pnpapi: `pnpapi` resolves to the hook for `require`, and the one for `import`
 * stands beside it.
 */
export function plugAndPlayArguments(): string[] {
  if (process.versions["pnp"] === undefined) return [];
  // A bundle of CommonJS has a path in its place.
  const own: string | undefined = import.meta.url;
  const hook = createRequire(own ?? __filename).resolve("pnpapi");
  const loader = join(dirname(hook), ".pnp.loader.mjs");
  const forImport = existsSync(loader) ? ["--experimental-loader", pathToFileURL(loader).href] : [];
  return ["--require", hook, ...forImport];
}
