import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { defineConfig, type Plugin, type RolldownOptions } from "rolldown";
import { minifySync } from "rolldown/utils";

/*
 * The first step of the build, before `tsc` writes the declarations: the code, in a few files instead of one
 * for each source file. Node needs about half a millisecond for each file that it loads, and every process
 * waits for that.
 */

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const readManifest = (path: string): Manifest => JSON.parse(readFileSync(path, "utf8")) as Manifest;
const { dependencies, peerDependencies } = readManifest("package.json");
const libraries = Object.keys({ ...dependencies, ...peerDependencies });
/** Libraries that go into a file of ours, with their licences. */
const builtIn: readonly string[] = ["yaml", "hyparquet"];

function bannerOf(name: string): string {
  if (!builtIn.includes(name)) return "";
  const folder = join("node_modules", name);
  const licence = readFileSync(join(folder, "LICENSE"), "utf8").trim();
  return `/*\n${name} ${readManifest(join(folder, "package.json")).version}\n\n${licence}\n*/`;
}

/**
 * Has Node's modules got by a call instead of an import. For an import Node makes a module that names all that
 * there is, and reads every name for it, which takes longer than the module itself: of `node:util` 2.5 ms.
 */
const builtins: Plugin = {
  name: "builtins",
  renderChunk: (code) =>
    code.replaceAll(
      /^import (?:(\w+)(?:, | ))?(?:\{([^}]*)\} )?from "(node:[\w/]+)";$/gm,
      (_, whole: string | undefined, named: string | undefined, name: string) => {
        const got = `process.getBuiltinModule("${name}")`;
        const all = whole === undefined ? "" : `const ${whole} = ${got};`;
        const some = named === undefined ? "" : `const {${named.replaceAll(" as ", ": ")}} = ${got};`;
        return all + some;
      },
    ),
};

/**
 * Writes characters beyond Latin-1 as escapes. V8 keeps all of a source for as long as its code is loaded, in
 * two bytes per character as soon as a single one does not fit into one. Done last: other steps would undo it.
 */
const oneByteSources: Plugin = {
  name: "one-byte sources",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === "chunk") file.code = file.code.replaceAll(/[^\0-\xff]/g, escapeOf);
    }
  },
};

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** What users import: each file of `src` itself; and what is started by its name. */
const frontDoors = {
  ...Object.fromEntries(
    globSync("*.ts", { cwd: "src" }).map((file) => [file.replace(/\.ts$/, ""), `src/${file}`]),
  ),
  // Beside the file that starts it, which looks for this name.
  "model-data-collector-worker": "src/collector/background/model-data-collector-worker.ts",
};

/**
 * Gives variables short names. Functions, classes and private methods keep theirs, which stacks
 * show. Lines and quotes stay as they are.
 */
const shortNames = (format: "esm" | "cjs"): Plugin => ({
  name: "short names",
  renderChunk(code, { fileName }) {
    // Names behind a sign would be made short, too: for the while they are names of properties.
    const { code: short, errors } = minifySync(fileName, code.replaceAll(/#(?=\w)/g, "$hash$"), {
      module: format === "esm",
      compress: false,
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: false },
    });
    if (errors[0] !== undefined) throw new Error(`${fileName}: ${errors[0].message}`);
    return short.replaceAll("$hash$", "#");
  },
});

/**
 * The library `yaml` is built in, in its build that needs nothing of Node; for `require` hyparquet, too, which
 * is published as ES modules only.
 */
const build = (input: Record<string, string>, dir: string, format: "esm" | "cjs"): RolldownOptions => ({
  input,
  platform: "node",
  plugins: [...(format === "esm" ? [builtins] : []), shortNames(format), oneByteSources],
  external: [...builtinModules, /^node:/, ...externalTo(format)],
  resolve: { alias: { yaml: join(import.meta.dirname, "node_modules/yaml/browser/index.js") } },
  transform: { target: "es2023" },
  // What our manifest says of files in `dist` is not about these.
  treeshake: { moduleSideEffects: [{ test: /[\\/]src[\\/]/, sideEffects: true }] },
  output: {
    dir,
    format,
    // Once, before both: nothing of an earlier build is left.
    cleanDir: format === "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    comments: { jsdoc: false, annotation: true, legal: true },
    // Node takes the ES modules for `require`, too: this is read by bundlers and test runners alone.
    ...(format === "cjs"
      ? { minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } } }
      : {}),
    postBanner: ({ name }) => bannerOf(name),
    codeSplitting: {
      groups: builtIn.map((name) => ({ name, test: new RegExp(`node_modules[\\\\/]${name}[\\\\/]`) })),
    },
  },
});

function externalTo(format: "esm" | "cjs"): RegExp[] {
  return libraries
    .filter((name) => format === "esm" || !builtIn.includes(name))
    .map((name) => new RegExp(`^${name}(/|$)`));
}

/** The script of `mdc ui`'s page, which a browser runs; the rest of the page is copied beside it. */
const page: RolldownOptions = {
  input: { page: "src/cli/ui/page/main.ts" },
  platform: "browser",
  transform: { target: "es2023" },
  treeshake: { moduleSideEffects: true },
  output: { dir: "dist/page", format: "esm", entryFileNames: "[name].js", comments: false, minify: true },
};

const config: RolldownOptions[] = defineConfig([
  build({ ...frontDoors, "cli/main": "src/cli/main.ts" }, "dist", "esm"),
  build(frontDoors, "dist/cjs", "cjs"),
  page,
]);

export default config;
