import { readFileSync } from "node:fs";
import { defineConfig, type RolldownOptions } from "rolldown";

const file = "dist/config/file/yaml-library.js";
const library = JSON.parse(readFileSync("node_modules/yaml/package.json", "utf8")) as { version: string };
const licence = readFileSync("node_modules/yaml/LICENSE", "utf8").trim();

/** A step of the build: `yaml`, in its build that needs nothing of Node, goes into our own file. */
const step = (folder: string, format: "esm" | "cjs"): RolldownOptions => ({
  input: file,
  platform: "neutral",
  treeshake: { moduleSideEffects: false },
  output: {
    file: file.replace("dist/", folder),
    format,
    banner: `/*\nyaml ${library.version}\n\n${licence}\n*/`,
  },
});

const config: RolldownOptions[] = defineConfig([step("dist/cjs/", "cjs"), step("dist/", "esm")]);

export default config;
