import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { Collector, CorrelationContext, openDeployment, runWithContext } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { run as runCli } from "../unit/cli/run.ts";
import { scratch, until } from "../support/scratch.ts";

/**
 * No message quotes a value, whichever mistake was made: every value here holds a canary, and whatever the
 * product says (errors thrown, `onError`, warnings, events, `status()`, `stats()`, notes in the quarantine,
 * the terminal) is searched for it.
 */

const canary = "sk-live-C4n4ry7x";
const number = 4_111_777_733_331_111;
const found = /C4n4ry7x|4111777733331111|4_111_777/i;

/** A value of any kind that holds a canary. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    canary,
    `${canary}@example.com`,
    number,
    BigInt(number),
    -number,
    number + 0.5,
    `'${canary}'`,
    `x\n${canary}`,
  ),
  fc.constantFrom<unknown>(
    [canary],
    [[canary, number]],
    { a: canary },
    new Map([[canary, canary]]),
    new Set([canary]),
  ),
  fc.constantFrom<unknown>(
    new Date(number),
    Symbol(canary),
    () => canary,
    new Error(canary),
    Buffer.from(canary),
  ),
  fc.constantFrom<unknown>(
    Promise.resolve(canary),
    new String(canary),
    { constructor: { name: canary } },
    new URL(`https://u:${canary}@h/${canary}?sig=${canary}`),
  ),
  fc.constantFrom<unknown>(
    `AccountName=a;AccountKey=${canary}`,
    `https://hooks.example.com/${canary}`,
    `https://${canary}:x@h/c`,
    `?sv=1&sig=${canary}`,
    `sv=1&sig=${canary} `,
  ),
);

/** Throws, at every question, an error that holds the canary. */
function hostile(): object {
  const fail = (): never => {
    throw new TypeError(`${canary} ${number}`);
  };
  return new Proxy(
    {},
    { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail },
  );
}

/** Whatever was said. */
class Ears {
  readonly heard: string[] = [];

  /** Runs what should fail, or not; what it throws is heard. */
  try(run: () => unknown): void {
    try {
      void Promise.resolve(run()).catch((thrown: unknown) => this.hear(thrown));
    } catch (thrown) {
      this.hear(thrown);
    }
  }

  hear(said: unknown): void {
    this.heard.push(inspect(said, { depth: 6, showHidden: true, getters: false }));
    if (said instanceof Error) this.heard.push(said.message, String(said.cause));
  }

  /** Throws if a value is in what was heard; forgets it. */
  check(): void {
    for (const text of this.heard.splice(0)) expect(text).not.toMatch(found);
  }
}

const channels = ["spooled", "delivered", "dropped", "trouble", "health", "config"];

test("frames, contexts and what is thrown while they are read", async () => {
  const { spool, folder } = await scratch();
  const ears = new Ears();
  const onWarning = (warning: Error): void => ears.hear(warning);
  const onEvent = (message: unknown): void => ears.hear(message);
  process.on("warning", onWarning);
  for (const channel of channels) subscribe(`model-data-collector:${channel}`, onEvent);
  const deployment = await openDeployment({
    destination: folder,
    spool: { directory: spool },
    limits: { maxFrameBytes: 4_096, maxStringBytes: 64, maxFrameColumns: 20, maxFrameRows: 50 },
    rotation: { maxAgeMs: 50 },
    onError: (error) => ears.hear(error),
  });
  const redact = {
    apiKey: "mask",
    card: { hmacKey: canary },
    mail: (given: unknown): never => {
      throw new Error(`${String(given)} ${canary}`);
    },
  } as const;
  let made = 0;
  const frame = fc.oneof(
    value,
    fc.array(value, { maxLength: 3 }),
    fc.record({ apiKey: value, amount: value }),
    fc.record({ apiKey: fc.array(value, { maxLength: 3 }), mail: fc.array(value, { maxLength: 2 }) }),
    fc.array(fc.record({ apiKey: value, card: value, mail: value, plain: value }), { maxLength: 3 }),
    value.map((one) => ({
      get apiKey(): never {
        throw one;
      },
      plain: [1],
    })),
    value.map((one) => [
      {
        get plain(): never {
          throw one;
        },
      },
    ]),
    value.map((one) => [
      {
        plain: {
          toJSON: (): never => {
            throw one;
          },
        },
      },
    ]),
    value.map((one) => ({ columns: ["a"], shape: [1, 1], values: one, dtypes: ["string"], $data: one })),
    value.map((one) => [{ plain: `${typeof one}${canary.repeat(600)}` }]),
    value.map((one) => ({ plain: [one], mdc_x: [one] })),
    value.map((one) => Array.from({ length: 60 }, () => ({ plain: one }))),
  );
  await fc.assert(
    fc.asyncProperty(frame, value, async (given, context) => {
      // A collection of its own, so that nothing goes untold for being told a moment ago.
      const collector = deployment.collector(`c${made++ % 40}`, { redact } as never);
      ears.try(() => collector.collect(given as never, context as CorrelationContext));
      ears.try(() =>
        CorrelationContext.create({ id: context as string, attributes: { a: context as string } }),
      );
      ears.try(() => CorrelationContext.create({ requestTime: context as Date }));
      ears.try(() => CorrelationContext.create(context as object));
      ears.try(() => CorrelationContext.fromHeaders({ traceparent: context as string }));
      ears.try(() => runWithContext(context as CorrelationContext, () => {}));
      ears.check();
    }),
    { numRuns: 400 },
  );
  for (const [i, given] of [
    hostile(),
    [hostile()],
    { a: hostile() },
    { a: [hostile()] },
    [{ a: hostile() }],
  ].entries()) {
    const collector = deployment.collector(`hostile${i}`, { redact } as never);
    ears.try(() => collector.collect(given as never, hostile() as CorrelationContext));
    ears.try(() => CorrelationContext.create(hostile()));
  }
  await deployment.flush().catch((thrown: unknown) => ears.hear(thrown));
  ears.hear(deployment.status());
  ears.hear(deployment.stats());
  expect(Object.keys(deployment.stats().frames.dropped).length).toBeGreaterThan(1);
  await deployment.close();
  expect(ears.heard.length).toBeGreaterThan(0);
  ears.check();
  // A type that another frame pinned: the cells that do not fit are kept, and only their column is told.
  const second = await openDeployment({
    destination: folder,
    spool: { directory: spool },
    onError: (error) => ears.hear(error),
  });
  const collector = second.collector("pinned", { schema: { n: "int64" } } as never);
  collector.collect([{ n: 1 }, { n: canary }, { n: { a: canary } }] as never);
  await second.flush();
  await second.close();
  ears.check();
  process.off("warning", onWarning);
  for (const channel of channels) unsubscribe(`model-data-collector:${channel}`, onEvent);
});

test("options, of every name and in every place", async () => {
  const { spool, folder } = await scratch();
  const ears = new Ears();
  const secretive = value.filter((one) => typeof one !== "number" && typeof one !== "bigint");
  const names = [
    "endpoint",
    "deployment",
    "modelName",
    "modelVersion",
    "format",
    "rollingRate",
    "enabled",
    "samplingRate",
    "collections",
    "spool",
  ];
  names.push(
    "limits",
    "rotation",
    "credential",
    "configFile",
    "onError",
    "onStats",
    "waitUntil",
    "destination",
    "nothing",
  );
  const groups: [string, string][] = [
    ["spool", "durability"],
    ["spool", "fsync"],
    ["spool", "maxBytes"],
    ["limits", "maxFrameRows"],
  ];
  groups.push(["rotation", "maxAgeMs"], ["collections", "a"], ["spool", "flushIntervalMs"]);
  const option = fc.oneof(
    fc
      .tuple(fc.constantFrom(...names), secretive)
      // The plain name of a file is said aloud, so that a wrong one can be found.
      .filter(([name, one]) => name !== "configFile" || one !== canary)
      .map(([name, one]) => ({ [name]: one })),
    fc
      .tuple(fc.constantFrom(...groups), secretive)
      .map(([[group, name], one]) => ({ [group]: { [name]: one } })),
    secretive.map((one) => ({ collections: { a: { samplingRate: one } } })),
  );
  const deployment = await openDeployment({
    destination: folder,
    spool: { directory: spool },
    onError: (error) => ears.hear(error),
  });
  await fc.assert(
    fc.asyncProperty(option, secretive, async (options, one) => {
      // Nothing may be made where a text happens to be a good value.
      if (!("destination" in options || "modelName" in options || "modelVersion" in options)) {
        const base = { destination: folder, spool: { directory: spool }, enabled: false };
        await openDeployment({ ...base, ...options } as never).then(
          (opened) => opened.close(),
          (thrown: unknown) => ears.hear(thrown),
        );
      }
      ears.try(() => deployment.update(options as never));
      ears.try(() => deployment.update(one as never));
      ears.try(() => new Collector(one as never));
      ears.try(() => new Collector({ name: one } as never));
      ears.try(() => deployment.collector("x", { redact: { a: one } } as never));
      ears.try(() => deployment.collector("x", { redact: { a: { hmacKey: one, x: one } } } as never));
      ears.try(() =>
        deployment.collector("x", { redact: { a: { truncate: one } }, schema: { a: one } } as never),
      );
      ears.try(() => deployment.collector("x", { schema: one, deployment: one, onError: one } as never));
      await Promise.allSettled([
        openDataset(one as string),
        openDataset("./none", { credential: one as string, endpoint: one as string }),
      ]).then((all) => ears.hear(all.map((each) => (each.status === "rejected" ? each.reason : undefined))));
      ears.check();
    }),
    { numRuns: 250 },
  );
  for (const given of [
    hostile(),
    { credential: hostile() },
    { limits: hostile() },
    { collections: { a: hostile() } },
  ]) {
    await openDeployment(given as never).then(
      (opened) => opened.close(),
      (thrown: unknown) => ears.hear(thrown),
    );
    ears.try(() => deployment.update(given as never));
    ears.try(() => deployment.collector("x", { redact: given, schema: given } as never));
  }
  for (const destination of [
    `https://u:${canary}@h/c/p`,
    `s3://${canary}/x`,
    `https://a.blob.core.windows.net/c/%zz/${canary}`,
    `https://h/${canary}?x=${canary}`,
    `azureml://${canary}`,
    `${canary}.blob.x?sig=${canary}`,
    `http://h/${canary}`,
  ]) {
    for (const credential of [undefined, `AccountKey=${canary}`, `sig=${canary}`]) {
      await openDeployment({ destination, credential, spool: { directory: spool } } as never).then(
        (opened) => opened.close(),
        (thrown: unknown) => ears.hear(thrown),
      );
      await openDataset(destination, credential === undefined ? {} : { credential }).catch(
        (thrown: unknown) => ears.hear(thrown),
      );
    }
  }
  await deployment.close();
  ears.check();
});

test("a configuration file, before and while it is followed", async () => {
  const { spool, folder } = await scratch();
  const ears = new Ears();
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, "blue.yml");
  const good = "name: blue\ndata_collector: {}\n";
  const texts = [
    canary,
    `"${canary}"`,
    `[${canary}]`,
    `{ key: ${canary} }`,
    `!${canary} ${canary}`,
    `*${canary}`,
    `&${canary} ${canary}`,
    `|\n  ${canary}`,
    `"${canary}`,
    `${canary}: ${canary}: x`,
  ];
  const places = [
    (text: string) => text,
    (text: string) => `name: ${text}\ndata_collector: {}`,
    (text: string) => `model: azureml:${canary}:x:y\nendpoint_name: ${text}`,
    (text: string) => `data_collector: ${text}`,
    ...["sampling_rate", "rolling_rate", "collections", "request_logging", "x_mdc"].map(
      (key) => (text: string) => `data_collector:\n  ${key}: ${text}`,
    ),
    ...["enabled", "format", "collections", "spool", "limits"].map(
      (key) => (text: string) => `data_collector:\n  x_mdc:\n    ${key}: ${text}`,
    ),
    (text: string) =>
      `data_collector:\n  x_mdc:\n    destination: https://u:${canary}@h/c?sig=${canary}\n    format: ${text}`,
    (text: string) => `data_collector:\n  collections:\n    a: { enabled: ${text} }`,
    (text: string) =>
      `data_collector:\n  collections:\n    a: { enabled: 'True', client_id: x, data: { path: ${text} } }\n    b: { enabled: 'True', client_id: ${canary} }`,
  ];
  const ourPlaces = [
    (text: string) => text,
    ...["enabled", "format", "endpoint", "sampling_rate", "collections", "spool", "limits"].map(
      (key) => (text: string) => `${key}: ${text}`,
    ),
    (text: string) => `destination: https://u:${canary}@h/c?sig=${canary}\nformat: ${text}`,
  ];
  const ourFile = join(folder, "blue.mdc.yml");
  const tryAll = async (path: string, all: readonly ((text: string) => string)[]): Promise<void> => {
    for (const content of all.flatMap((place) => texts.map(place))) {
      writeFileSync(path, content);
      await openDeployment({ configFile, destination: folder, spool: { directory: spool } }).then(
        (opened) => opened.close(),
        (thrown: unknown) => ears.hear(thrown),
      );
    }
  };
  await tryAll(configFile, places);
  writeFileSync(configFile, good);
  await tryAll(ourFile, ourPlaces);
  expect(ears.heard.some((text) => text.includes("blue.mdc.yml:1: spool"))).toBe(true);
  rmSync(ourFile);
  ears.check();
  const deployment = await openDeployment({
    configFile,
    destination: folder,
    spool: { directory: spool },
    onError: (error) => ears.hear(error),
  });
  writeFileSync(configFile, `name: blue\ndata_collector: { sampling_rate: ${canary} }\n`);
  await until(() => deployment.status().reasons.length > 0);
  ears.hear(deployment.status());
  expect(ears.heard.some((text) => text.includes("blue.yml:2"))).toBe(true);
  await deployment.close();
  ears.check();
});

test("what is set aside and what the command line says of it", async () => {
  const { spool, folder } = await scratch();
  const ears = new Ears();
  const first = await openDeployment({
    destination: folder,
    spool: { directory: spool },
    rotation: { maxAgeMs: 60_000 },
    onError: (error) => ears.hear(error),
  });
  first.collector("x").collect([{ a: canary }]);
  await first.flush({ to: "spool" });
  const run = async (...args: string[]): Promise<void> => {
    const { out, err } = await runCli(...args);
    ears.hear([out, err]);
  };
  await run("spool", "ls", "--spool", spool);
  await run("spool", "quarantine", "ls", "--spool", spool);
  await run("spool", "quarantine", canary, "--spool", spool);
  await run(canary);
  await run("head", "x", "-n", canary, "--root", folder);
  await run("trace", "--from", canary, "--root", folder, "x");
  await run("ls", "--root", `https://u:${canary}@h/c?sig=${canary}`);
  await first.close();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    // A name of a file is said aloud wherever the file is.
    expect(name).not.toMatch(found);
    if (statSync(path).isFile() && name.endsWith(".json")) ears.hear(readFileSync(path, "utf8"));
  }
  ears.check();
});
