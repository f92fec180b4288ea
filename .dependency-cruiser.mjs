/**
 * Who may import whom. A folder under `src` is a layer; its row names the layers it may use. The other rules give a
 * capability (the disk, the network, threads, a vendor's library) one home. `npm run layers` checks all of it.
 */

const engine = ["base", "layout", "destination", "config", "frame", "profile", "spool", "store"].concat([
  "codec",
  "agent",
  "pipeline",
]);

const layers = {
  base: [],
  layout: ["base"],
  destination: ["base"],
  config: ["base", "layout", "destination"],
  frame: ["base", "layout"],
  profile: ["base", "layout", "frame"],
  spool: ["base"],
  store: ["base", "destination"],
  agent: ["base", "layout"],
  codec: ["base", "layout", "frame"],
  delta: ["base", "layout", "store", "codec"],
  pipeline: ["base", "layout", "config", "frame", "profile"],
  collector: [...engine, "delta"],
  operator: [...engine, "delta", "collector"],
  http: ["base", "config", "frame", "collector"],
  sidecar: ["base", "layout", "config", "frame", "collector", "http"],
  reader: ["base", "layout", "destination", "config", "frame", "profile", "store", "codec", "delta"],
  upkeep: ["base", "layout", "profile", "codec", "delta", "reader", "store"],
  monitor: ["base", "layout", "frame", "profile"],
  cli: ["base", "layout", "destination", "config", "frame", "store"].concat([
    "reader",
    "upkeep",
    "monitor",
    "sidecar",
    "collector",
    "operator",
  ]),
};

/** Interfaces that a layer may see of layers it must not depend on otherwise. */
const ports = {
  pipeline: [
    "spool/spool",
    "spool/spool-writer",
    "spool/sealed-segments",
    "store/store",
    "agent/sender",
    "codec/encoder",
    "delta/table-logs",
  ],
};

/** What each front door may load: the reader's must not start the collector, nor the collector's the reader. */
const doors = {
  index: [...layers.collector, "collector"],
  http: ["base", "http"],
  register: ["base", "http"],
  reader: [...layers.reader, "reader"],
  testing: [...layers.collector, "collector"],
  monitor: [...layers.monitor, "monitor"],
};

/** Walls inside a layer: what a folder must not import, of its own layer's other folders. */
const walls = {
  // The caller's thread fills batches, the background thread delivers them: they meet in a batch's bytes alone.
  "pipeline/batching": ["pipeline/delivery"],
  "pipeline/delivery": ["pipeline/batching"],
  // How a frame is seen, and how a batch is laid into bytes, know nothing of one another.
  "frame/from": ["frame/builders", "frame/conform", "frame/wire"],
  "frame/wire": ["frame/builders", "frame/conform", "frame/copy", "frame/from"],
  "codec/parquet": ["codec/azureml", "codec/jsonl"],
  "codec/jsonl": ["codec/azureml", "codec/parquet"],
  "codec/azureml": ["codec/parquet"],
  "collector/context": ["collector/background", "collector/process", "collector/report"],
  "collector/process": ["collector/background", "collector/context", "collector/report"],
};

const core = (...names) => `^(node:)?(${names.join("|")})(/|$)`;
const installed = (...names) => `(^|/)node_modules/(${names.join("|")})(/|$)`;
const folders = (names) => names.map((name) => `^src/${name}/`);

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });
const only = (name, what, where) =>
  rule(`only-${name}`, `only ${where} may import this`, { path: "^src/", pathNot: where }, { path: what });

const layerRules = Object.entries(layers).map(([layer, uses]) =>
  rule(
    `layer-${layer}`,
    `${layer} may use ${uses.join(", ") || "no other layer"}`,
    { path: `^src/${layer}/` },
    {
      path: "^src/",
      pathNot: [...folders([layer, ...uses]), ...(ports[layer] ?? []).map((port) => `^src/${port}\\.ts$`)],
    },
  ),
);

const wallRules = Object.entries(walls).map(([folder, others]) =>
  rule(
    `wall-${folder.replace("/", "-")}`,
    `${folder} knows nothing of ${others.join(", ")}`,
    { path: `^src/${folder}/` },
    { path: folders(others) },
  ),
);

const doorRules = Object.entries(doors).map(([door, uses]) =>
  rule(
    `door-${door}`,
    `the front door ${door}.ts shows ${uses.join(", ")}`,
    { path: `^src/${door}\\.ts$` },
    { path: "^src/", pathNot: folders(uses) },
  ),
);

export default {
  forbidden: [
    ...layerRules,
    ...wallRules,
    ...doorRules,
    rule(
      "no-unknown-layer",
      "give a new folder its row first",
      {
        path: "^src/",
        pathNot: [...folders(Object.keys(layers)), `^src/(${Object.keys(doors).join("|")})\\.ts$`],
      },
      {},
    ),
    rule("no-circular", "a cycle has no bottom to start reading at", {}, { circular: true }),
    rule(
      "no-front-door-inside",
      "front doors are for users",
      { path: "^src/.+/" },
      { path: "^src/[^/]+\\.ts$" },
    ),
    rule(
      "no-outside",
      "the product stands on its own",
      { path: "^src/" },
      { path: "^(test|benchmarks|examples|scripts|dist)/" },
    ),
    rule(
      "no-dev-dependency",
      "users do not have it; but for yaml, which the build puts into a file of ours",
      { path: "^src/", pathNot: "^src/config/file/yaml-(data|library|text)\\.ts$" },
      { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm-peer"] },
    ),
    rule(
      "no-undeclared",
      "list it in package.json",
      { path: "^src/" },
      { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    ),
    rule("no-unresolvable", "there is no such module", {}, { couldNotResolve: true }),

    only("fs", core("fs"), "^src/base/"),
    only("azure", installed("@azure"), "^src/store/(azure/|service/proxy-agent\\.ts$)"),
    only("aws", installed("@aws-sdk"), "^src/store/s3/"),
    only("hyparquet", installed("hyparquet", "hyparquet-writer", "hyparquet-compressors"), "^src/codec/"),
    only("duckdb", installed("@duckdb"), "^src/reader/"),
    only("arrow", installed("apache-arrow"), "^src/reader/"),
    only("threads", core("worker_threads"), "^src/(collector/background|upkeep/compacting)/"),
    only("async-context", core("async_hooks"), "^src/collector/context/"),
    only("timers", core("timers"), "^src/(base|pipeline)/"),
    only(
      "sockets",
      core("net", "tls", "dgram", "http", "https", "http2"),
      "^src/((http|sidecar|agent|cli/ui/serving)/|spool/instance/socket-liveness\\.ts$|store/service/http-send\\.ts$)",
    ),
    only("framework", installed("express", "fastify"), "^src/http/"),
    only("terminal", core("readline", "tty", "repl"), "^src/cli/"),
    rule(
      "no-child-process",
      "the product starts no program",
      { path: "^src/" },
      { path: core("child_process", "cluster") },
    ),
    rule(
      "lazy",
      "loaded by import() when first used, so that others do not pay for it",
      { path: "^src/" },
      {
        path: installed("@aws-sdk", "@azure", "@duckdb", "@opentelemetry", "apache-arrow"),
        dynamic: false,
        dependencyTypesNot: ["type-only"],
      },
    ),
    rule(
      "page-runs-in-a-browser",
      "of everything else the page may know how it is answered",
      { path: "^src/cli/ui/page/" },
      { pathNot: "^src/cli/ui/(page/|answers\\.ts$)" },
    ),
    rule(
      "page-stands-alone",
      "the page is built by itself, and read as a file",
      { path: "^src/", pathNot: "^src/cli/ui/page/" },
      { path: "^src/cli/ui/page/" },
    ),
    rule(
      "monitor-is-pure",
      "columns in, values out",
      { path: "^src/(monitor|profile)/" },
      { dependencyTypes: ["core"] },
    ),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    // Type-only knots are knots too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
    },
  },
};
