/*
 * The last step of the build. `dist/cjs`, for `require`, is the same code in another module format: this says
 * what format that is. `tsc` has put the types there, and those for `import` refer to them: so a class is one
 * type however it is imported. Types that no front door shows are left out. The page of `mdc ui` gets the files
 * that are no code.
 */
import { copyFileSync, globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pruneTypes } from "./prune-types.ts";

const built = join(import.meta.dirname, "../dist");
const folder = join(built, "cjs");

writeFileSync(join(folder, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);

const frontDoors = globSync("*.d.ts", { cwd: folder });
pruneTypes(folder, frontDoors);
for (const name of frontDoors)
  writeFileSync(join(built, name), `export * from "./cjs/${name.replace(/\.d\.ts$/, ".js")}";\n`);
// It is started by its name, and exports nothing.
writeFileSync(join(built, "model-data-collector-worker.d.ts"), "export {};\n");

const page = join(import.meta.dirname, "../src/cli/ui/page");
for (const name of globSync("*.{html,css,svg}", { cwd: page }))
  copyFileSync(join(page, name), join(built, "page", name));
