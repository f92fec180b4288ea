import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./packed-project.ts";

/** The code in a section of a document in `docs`, in a language, the `at`th of it. Throws if there is none. */
export async function printed(document: string, section: string, language: string, at = 0): Promise<string> {
  const text = await readFile(join(root, "docs", document), "utf8");
  const [, after = ""] = text.split(`\n## ${section}\n`);
  const [own = ""] = after.split("\n## ");
  const blocks = [...own.matchAll(/^```(\w+)\n([^]*?)^```/gm)].filter(([, word]) => word === language);
  const code = blocks[at]?.[2];
  if (code === undefined) throw new Error(`docs/${document} has no code ${at} (${language}) in ${section}`);
  return code.trim();
}
