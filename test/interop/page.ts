import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ChildResult, runChild, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";

/** Python as the page prints it, and what the page says it prints. */
export interface Snippet {
  /** The heading it stands under. */
  readonly engine: string;
  readonly code: string;
  readonly prints: string;
}

/** `docs/engines.md`: the code that stores the data, and what reads it. */
export interface EnginesPage {
  readonly data: string;
  readonly snippets: readonly Snippet[];
}

/** Reads the page. Throws where Python is not followed by what it prints: such code would not be tested. */
export async function readEnginesPage(): Promise<EnginesPage> {
  const text = await readFile(join(root, "docs/engines.md"), "utf8");
  const sections = text.split(/^## /m).slice(1);
  const data = sections.flatMap((section) => fenced(section, "ts"));
  if (data.length !== 1)
    throw new Error(`docs/engines.md: expected the data once, found it ${data.length} times`);
  const snippets = sections.flatMap((section) => {
    const engine = section.split("\n", 1)[0]?.trim() ?? "";
    const pairs = [...section.matchAll(/^```python\n([^]*?)^```\n\n```text\n([^]*?)^```/gm)];
    if (pairs.length !== fenced(section, "python").length)
      throw new Error(`docs/engines.md, ${engine}: expected after all Python what it prints`);
    return pairs.map(([, code = "", prints = ""]) => ({ engine, code, prints }));
  });
  return { data: data[0] ?? "", snippets };
}

/** Stores the page's data as the page does it: in `folder`, a project that has this package. */
export async function storeData({ data }: EnginesPage, folder: string): Promise<void> {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(root, join(folder, "node_modules/model-data-collector"), "junction");
  await writeFile(join(folder, "store.ts"), data);
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const { code, stderr } = await runNode(["store.ts"], {
    cwd: folder,
    env: { MDC_SPOOL_DIR: join(folder, "spool") },
  });
  if (code !== 0 || stderr !== "") throw new Error(`docs/engines.md, The data: ${stderr}`);
}

/** Runs a snippet where the data is; what is wrong, or undefined. */
export async function runSnippet(
  python: string,
  { engine, code, prints }: Snippet,
  folder: string,
): Promise<string | undefined> {
  const file = join(folder, "snippet.py");
  await writeFile(file, code);
  const result: ChildResult = await runChild(python, [file], {
    cwd: folder,
    timeoutMs: 300_000,
    env: { SPARK_LOCAL_IP: "127.0.0.1", PYTHONIOENCODING: "utf-8" },
  });
  const printed = withoutEnd(result.stdout);
  if (result.code === 0 && printed === withoutEnd(prints)) return undefined;
  const problem = result.code === 0 ? "" : `\n${result.stderr.trim()}`;
  return `docs/engines.md, ${engine}:\n${code}expected:\n${withoutEnd(prints)}\ngot:\n${printed}${problem}`;
}

/** Lines as a reader sees them: the blanks and breaks at an end are not to be seen. */
function withoutEnd(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

function fenced(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm"))].map(
    ([, code = ""]) => code,
  );
}
