/* What Azure's worker has `@azure/functions` register at, as `@azure/functions-core`. */
const registered = { model: undefined, functions: new Map() };
module.exports = {
  registered,
  version: "4.28.0",
  log: () => undefined,
  setProgrammingModel: (model) => void (registered.model = model),
  registerFunction: (metadata, callback) => registered.functions.set(metadata.name, { metadata, callback }),
};
