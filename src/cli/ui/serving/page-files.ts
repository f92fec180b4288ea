import { fileURLToPath } from "node:url";
import { readTextFile } from "../../../base/files/text-file.ts";

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/*
 * The page stands in a folder of its own in the package, `dist/page`, beside the file that this module is
 * built into. Of the source tree the same folder has all of it but the script, which the build makes.
 */
const folder = new URL("./page/", import.meta.url);

const types: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** The files of the page by their path in a URL. Throws the system's error when one is missing. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = Object.entries(types).map(([name, type]) => {
    const path = name === "index.html" ? "/" : `/${name}`;
    return [path, { type, text: readTextFile(fileURLToPath(new URL(name, folder))) }] as const;
  });
  return new Map(files);
}
