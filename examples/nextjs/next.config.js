// With its own files, not bundled, the package finds its background thread: see docs/bundlers.md.
export default { serverExternalPackages: ["model-data-collector"] };
