/*
 * The first import of every front door: on an older Node it throws one clear line, before anything else of
 * the package runs. Nothing may be linked by then that such a Node does not have: see
 * `test/integration/fresh-node.test.ts`. Other runtimes say what they like of Node's version.
 */
const { node, bun, deno } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);

if (bun === undefined && deno === undefined && (major < 22 || (major === 22 && minor < 15))) {
  const error = new Error(`model-data-collector needs Node 22.15 or newer; this is Node ${node}`);
  // The way through the module loader tells nobody anything.
  error.stack = `Error: ${error.message}`;
  throw error;
}

export {};
