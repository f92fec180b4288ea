/*
 * The last step of the build. `dist/cjs`, for `require`, is the same code in another module format: this says
 * what format that is, and gives it the types that its front doors show; types that no front door shows are
 * removed. The page of `mdc ui` gets the files that are no code.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const built = join(import.meta.dirname, "../dist");
const folder = join(built, "cjs");

writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);

/** What `exports` of the manifest names, besides the files of `dist` itself. */
const worker = "collector/background/model-data-collector-worker.d.ts";

// Their text is the same in both formats: what they are is said by the folder that they are in.
const types = new Set([...globSync("*.d.ts", { cwd: built }), worker]);
for (const name of types) {
  const text = readFileSync(join(built, name), "utf8");
  for (const [, from = ""] of text.matchAll(/(?:from |import\(|import )"(\.[^"]+)\.[jt]s"/g))
    types.add(`${join(dirname(name), from)}.d.ts`);
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const page = join(import.meta.dirname, "../src/cli/ui/page");
for (const name of globSync("*.{html,css,svg}", { cwd: page }))
  copyFileSync(join(page, name), join(built, "page", name));

for (const name of globSync("**/*.d.ts", { cwd: built, exclude: ["cjs/**"] })) {
  if (!types.has(name)) rmSync(join(built, name));
}
