/**
 * What every runtime, bundle and test runner here does, as text: 50 frames into a folder and 50 into Azurite,
 * through the background thread; the folder read back by the package's own reader; 50 into a deployment for
 * tests. The deployment's file is YAML, so its reader is needed, too.
 */

/** How many frames a program collects in each way. */
export const frames = 50;

/** What a program says when all is well. */
export const expected: string = JSON.stringify({
  endpoint: "flights",
  delivered: [frames, frames],
  heard: [],
  read: frames,
  tested: frames,
});

/** The same, said by one whose background thread's file was left out of its bundle: told once by each. */
export const expectedInline: string = expected.replace('"heard":[]', '"heard":["inline","inline"]');

/** `collect(doors, collection)`, which answers {@link expected}. It takes what the front doors export. */
const collect = `
async function collect({ openDeployment, openDataset, createTestDeployment }, collection) {
  const heard = [];
  const onError = ({ message }) => heard.push(/background thread cannot be started/.test(message) ? "inline" : message);
  const row = (i) => ({ x: i, at: new Date(), bytes: Uint8Array.of(1), list: [1, 2], typed: new Float64Array(1) });
  const fill = (deployment) => {
    const collector = deployment.collector(collection);
    for (let i = 0; i < ${frames}; i++) collector.collect([row(i)]);
  };
  const store = async (destination, spool) => {
    const deployment = await openDeployment({ destination, configFile: "./blue.yml", spool: { directory: spool }, onError });
    fill(deployment);
    await deployment.flush({ deadlineMs: 30000 });
    await deployment.close();
    return deployment;
  };
  const stored = await Promise.all([store("./out", "./spool-folder"), store(process.env.RUNTIMES_AZURITE, "./spool-azurite")]);
  let read = 0;
  for await (const _ of (await openDataset("./out")).table(collection).rows()) read++;
  const forTests = createTestDeployment({ onError });
  fill(forTests);
  return JSON.stringify({
    endpoint: stored[0].config.endpoint,
    delivered: stored.map((deployment) => deployment.stats().frames.delivered),
    heard: heard.sort(),
    read,
    tested: (await forTests.frames(collection)).length,
  });
}`;

const doors = {
  openDeployment: "model-data-collector",
  openDataset: "model-data-collector/reader",
  createTestDeployment: "model-data-collector/testing",
};

/** Statements that get the front doors, in the words of a module format. */
const load = {
  import: Object.entries(doors).map(([name, from]) => `import { ${name} } from "${from}";`),
  require: Object.entries(doors).map(([name, from]) => `const { ${name} } = require("${from}");`),
  dynamic: Object.entries(doors).map(([name, from]) => `const { ${name} } = await import("${from}");`),
} as const;

const all = `{ ${Object.keys(doors).join(", ")} }`;

/** A program that says what {@link expected} has, in one line, and then ends by itself. */
export function program(way: "import" | "require"): string {
  return `${load[way].join("\n")}\n${collect}\ncollect(${all}, "model_inputs").then(console.log);\n`;
}

/** The same as a function, in a module of its own: `answer()`. */
export function answering(): string {
  return `${load.import.join("\n")}\n${collect}\nexport const answer = () => collect(${all}, "model_inputs");\n`;
}

/** How a test runner's fake timers are set. */
export interface FakeTimers {
  readonly start: string;
  readonly stop: string;
}

/** The collections that {@link tests} fill. */
export const tested: readonly string[] = ["model_inputs", "faked_after", "faked_before"];

/** The deployment's file that lies where a program runs. */
export const configFile: string = [
  "endpoint_name: flights",
  "name: blue",
  "data_collector:",
  "  collections:",
  ...tested.map((name) => `    ${name}: { enabled: true }`),
  "",
].join("\n");

/**
 * Tests for a runner, of the program as it is; under fake timers; and, in `before`, a file of its own, of a
 * package that is loaded when timers are fake already. `head` imports the runner's own functions.
 */
export function tests(
  head: string,
  way: "import" | "require",
  { start, stop }: FakeTimers,
): { readonly after: string; readonly before: string } {
  const check = (collection: string): string =>
    `const said = await collect(${all}, "${collection}");
    if (said !== ${JSON.stringify(expected)}) throw new Error(said);`;
  const faked = (body: string): string => `${start}\ntry {\n${body}\n} finally { ${stop} }`;
  const later = way === "import" ? load.dynamic : load.require;
  return {
    after: `${head}\n${load[way].join("\n")}\n${collect}
      test("collects", async () => { ${check("model_inputs")} }, 60000);
      test("collects under fake timers", async () => { ${faked(check("faked_after"))} }, 60000);`,
    before: `${head}\n${collect}
      test("is loaded under fake timers", async () => { ${faked(`${later.join("\n")}\n${check("faked_before")}`)} }, 60000);`,
  };
}
