import { readFileSync } from "node:fs";
import { defineConfig, type RolldownOptions } from "rolldown";

const file = "dist/config/file/yaml-library.js";
const library = JSON.parse(readFileSync("node_modules/yaml/package.json", "utf8")) as { version: string };
const licence = readFileSync("node_modules/yaml/LICENSE", "utf8").trim();

/** The second step of the build: `yaml`, in its build that needs nothing of Node, goes into our own file. */
const config: RolldownOptions = defineConfig({
  input: file,
  platform: "neutral",
  treeshake: { moduleSideEffects: false },
  output: { file, format: "esm", banner: `/*\nyaml ${library.version}\n\n${licence}\n*/` },
});

export default config;
