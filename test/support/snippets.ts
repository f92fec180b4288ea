import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { runChild } from "./child.ts";
import { root } from "./packed-project.ts";

/** A block of code of a document. */
export interface Snippet {
  readonly file: string;
  /** Of its first line in the document. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** All JavaScript and TypeScript of README and `docs`, in the order of their pages. */
export async function readSnippets(): Promise<Snippet[]> {
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  const snippets: Snippet[] = [];
  for (const file of ["README.md", ...docs.sort().map((name) => `docs/${name}`)]) {
    const text = await readFile(join(root, file), "utf8");
    for (const { 1: language = "", 2: code = "", index } of text.matchAll(/^```(js|ts)\n([^]*?)^```/gm)) {
      const line = text.slice(0, index).split("\n").length + 1;
      snippets.push({ file, line, language, code });
    }
  }
  return snippets;
}

/** Whether it is a program: it says what it needs, and needs nothing that is not there. */
export function isProgram({ language, code }: Snippet): boolean {
  return language === "js" && /from "model-data-collector/.test(code);
}

/** Where and with what snippets are tried. */
interface Place {
  readonly node: string;
  readonly folder: string;
  /** The package. Default: the project itself, as it is built. */
  readonly packageFolder?: string;
}

/**
 * What is wrong with each snippet by `node`, in a project of its own for each page: programs are run, in their
 * order, for the later ones read what the earlier ones stored; of all others the syntax is checked.
 */
export async function tryAll(snippets: readonly Snippet[], place: Place): Promise<string[]> {
  const faults = await wrongSyntax(snippets, place);
  for (const { file, line, code } of snippets.filter(isProgram)) {
    const project = join(place.folder, file.replaceAll(/\W/g, "-"));
    await makeProject(project, place.packageFolder ?? root, packagesOf(code));
    const name = `line-${line}.mjs`;
    await writeFile(join(project, name), code);
    // The oldest Node calls its own fake timers experimental.
    const args = ["--disable-warning=ExperimentalWarning", name];
    const ran = await runChild(place.node, args, {
      cwd: project,
      env: { ...noSettings, MDC_SPOOL_DIR: join(project, "spool") },
      timeoutMs: 60_000,
    });
    if (ran.code !== 0 || ran.stderr !== "")
      faults.push(`${file}:${line}, exit code ${ran.code}:\n${ran.stdout}${ran.stderr}`);
  }
  return faults;
}

const noSettings = { MDC_DESTINATION: undefined, MDC_CONFIG: undefined, NODE_OPTIONS: undefined };

/** What `node` cannot parse, types apart. */
async function wrongSyntax(
  snippets: readonly Snippet[],
  { node, folder }: Pick<Place, "node" | "folder">,
): Promise<string[]> {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext };
  const codes = snippets.map(({ file, line, code }) => {
    const { outputText } = ts.transpileModule(code, { compilerOptions });
    return { name: `${file}:${line}`, code: outputText };
  });
  await writeFile(join(folder, "codes.json"), JSON.stringify(codes));
  const check = `import { readFileSync } from "node:fs"; import { SourceTextModule } from "node:vm";
    for (const { name, code } of JSON.parse(readFileSync("codes.json", "utf8")))
      try { new SourceTextModule(code); } catch (error) { console.log(name + ": " + error.message); }`;
  const args = ["--experimental-vm-modules", "--no-warnings", "--input-type=module", "-e", check];
  const { stdout, stderr } = await runChild(node, args, { cwd: folder, env: noSettings });
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}

/** What a program imports beside this package and Node: packages that this project has, too. */
function packagesOf(code: string): string[] {
  const names = Array.from(code.matchAll(/from "((?:@[^/"]+\/)?[^/"]+)/g), ([, name = ""]) => name);
  return names.filter((name) => !name.startsWith("node:") && name !== "model-data-collector");
}

async function makeProject(
  project: string,
  packageFolder: string,
  packages: readonly string[],
): Promise<void> {
  const modules = join(project, "node_modules");
  const isNew = (await mkdir(modules, { recursive: true })) !== undefined;
  for (const name of packages)
    if (!existsSync(join(modules, name)))
      await symlink(join(root, "node_modules", name), join(modules, name), "junction");
  if (!isNew) return;
  await symlink(packageFolder, join(modules, "model-data-collector"), "junction");
  await writeFile(join(project, "package.json"), '{ "private": true }');
}
