/*
 * Finishes the build for `require`, `dist/cjs`, which is the same code in another module format: says what
 * format that is, gives it another way to say where a file is, and the types that its front doors show.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const built = join(import.meta.dirname, "../dist");
const folder = join(built, "cjs");
const ownUrl = 'require("node:url").pathToFileURL(__filename).href';

writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);

for (const name of globSync("**/*.js", { cwd: folder })) {
  const path = join(folder, name);
  const text = readFileSync(path, "utf8");
  if (!/\bimport\.meta\b/.test(text)) continue;
  const finished = text.replaceAll("import.meta.url", ownUrl);
  if (/\bimport\.meta\b/.test(finished)) throw new Error(`${name}: only the url of import.meta can be had`);
  writeFileSync(path, finished);
}

// Their text is the same in both formats: what they are is said by the folder that they are in.
const types = new Set(globSync("*.d.ts", { cwd: built }));
for (const name of types) {
  const text = readFileSync(join(built, name), "utf8");
  for (const [, from = ""] of text.matchAll(/(?:from |import\()"(\.[^"]+)\.[jt]s"/g))
    types.add(`${join(dirname(name), from)}.d.ts`);
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}
