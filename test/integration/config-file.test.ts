import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CollectorError, openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { expectBalance, parquetFiles, runScript, scratch, storedRows, until } from "../support/scratch.ts";

const systemTypes = {
  ...{
    mdc_endpoint: "string",
    mdc_deployment: "string",
    mdc_model_name: "string",
    mdc_model_version: "string",
  },
  ...{ mdc_config_version: "int32", mdc_sampling_rate: "float64" },
};

const yaml = (rate: number, more = ""): string => `
endpoint_name: flights
name: blue
model: azureml:late-arrival:3
data_collector:
  sampling_rate: ${rate}
  collections:
    model_inputs: { enabled: 'True' }
    model_outputs: { enabled: 'False' }
${more}`;

test("a deployment is what its YAML says, the environment overrules it, and options overrule both", async () => {
  const { folder, destination, env } = await scratch();
  const file = join(folder, "blue.yml");
  writeFileSync(file, yaml(1, "  x_mdc: { rotation: { max_age_ms: 1234 } }\n"));
  const script = `
    import { Collector, openDeployment } from "model-data-collector";
    for (const name of ["Model_Inputs", "model_outputs", "unnamed"]) {
      const collector = new Collector({ name });
      collector.collect([{ a: 1 }]);
      console.log(name, collector.enabled);
    }
    const { config } = await openDeployment({ modelVersion: "9", spool: { durability: "memory" } });
    console.log(JSON.stringify([config.endpoint, config.deployment, config.modelName, config.modelVersion, config.rotation.maxAgeMs]));
  `;
  const { stdout, stderr, code } = await runScript(script, {
    env: { ...env, MDC_CONFIG: file, MDC_DEPLOYMENT: "green" },
  });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trim().split("\n")).toEqual([
    "Model_Inputs true",
    "model_outputs false",
    "unnamed false",
    '["flights","green","late-arrival","9",1234]',
  ]);
  expect(parquetFiles(destination)).toHaveLength(1);
  expect((await storedRows(destination, "Model_Inputs", { a: "float64", ...systemTypes }))[0]).toMatchObject({
    a: 1,
    mdc_endpoint: "flights",
    mdc_deployment: "green",
    mdc_model_name: "late-arrival",
    mdc_model_version: "3",
    mdc_config_version: 1,
  });
});

test("a change of the file holds from one call to the next, under load, and each row says under which version", async () => {
  const { folder, destination, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, yaml(1));
  await using deployment = await openDeployment(options({ configFile }));
  const [inputs, outputs] = [deployment.collector("model_inputs"), deployment.collector("model_outputs")];
  let offered = 0;
  const load = setInterval(() => {
    for (let i = 0; i < 5; i++) outputs.collect([{ a: offered }], inputs.collect([{ a: offered++ }]));
  }, 1);
  try {
    for (const [version, rate] of [
      [2, 0.5],
      [3, 0.25],
      [4, 1],
    ] as const) {
      writeFileSync(configFile, yaml(rate));
      await until(() => deployment.config.version === version);
      expect(deployment.config).toMatchObject({ version, samplingRate: rate });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    clearInterval(load);
  }
  await deployment.flush();
  expectBalance(deployment.stats());
  const rates = new Map<unknown, Set<unknown>>();
  for (const { mdc_config_version: version, mdc_sampling_rate: rate } of await storedRows(
    destination,
    "model_inputs",
    systemTypes,
  ))
    rates.set(version, (rates.get(version) ?? new Set()).add(rate));
  expect(rates).toEqual(
    new Map([
      [1, new Set([1])],
      [2, new Set([0.5])],
      [3, new Set([0.25])],
      [4, new Set([1])],
    ]),
  );
  const { frames } = inputs.stats();
  expect(frames).toMatchObject({ offered, delivered: offered - frames.sampledOut, dropped: {} });
  expect(outputs.stats().frames).toMatchObject({ offered, disabled: offered });
  expect(deployment.status()).toMatchObject({ status: "ok", reasons: [] });
});

test("our file beside it is followed too, and what a ConfigMap changes in both holds together", async () => {
  const { folder, options } = await scratch();
  const version = (name: string, rate: number, rows: number | string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "blue.yml"), yaml(rate));
    writeFileSync(join(folder, name, "blue.mdc.yml"), `limits:\n  max_frame_rows: ${rows}\n`);
    symlinkSync(name, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  version("v1", 1, 1);
  for (const name of ["blue.yml", "blue.mdc.yml"]) symlinkSync(`..data/${name}`, join(folder, name));
  const heard: CollectorError[] = [];
  await using deployment = await openDeployment(
    options({ configFile: join(folder, "blue.yml"), onError: (error) => heard.push(error) }),
  );
  const held = (): unknown => [deployment.config.samplingRate, deployment.config.limits.maxFrameRows];
  expect(held()).toEqual([1, 1]);
  version("v2", 0.5, 2);
  await until(() => deployment.config.version === 2);
  expect(held()).toEqual([0.5, 2]);
  // One of them is wrong: of neither anything is taken over.
  version("v3", 0.25, "none");
  await until(() => heard.length > 0);
  expect(heard[0]?.message).toMatch(/^blue\.mdc\.yml:2: limits\.max_frame_rows: expected a whole number /);
  expect([deployment.config.version, ...(held() as number[])]).toEqual([2, 0.5, 2]);
  version("v4", 0.125, 4);
  await until(() => deployment.config.version === 3);
  expect([held(), deployment.status().status]).toEqual([[0.125, 4], "ok"]);
});

test("a wrong change is refused with its line, told until it is mended, and changes nothing", async () => {
  const { folder, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, yaml(0.5));
  const heard: CollectorError[] = [];
  await using deployment = await openDeployment(
    options({ configFile, onError: (error) => heard.push(error) }),
  );
  const before = deployment.config;
  const refused = async (content: string, message: string): Promise<void> => {
    const told = heard.length;
    writeFileSync(configFile, content);
    await until(() => heard.length > told);
    expect(heard.at(-1)).toMatchObject({
      code: "CONFIG_REFUSED",
      message: `${message}; the configuration of before still holds`,
    });
    expect(deployment.status()).toMatchObject({ status: "degraded", reasons: [heard.at(-1)?.message] });
    expect(deployment.config).toBe(before);
  };
  await refused(yaml(50), "blue.yml:6: data_collector.sampling_rate: expected a number from 0 to 1, got 50");
  await refused("", "blue.yml:1: expected a plain object, got null");
  await refused(
    yaml(0.1).replace("flights", "trains"),
    "blue.yml:2: endpoint_name: expected no change while running (it is part of the path of files that are being written; " +
      'it needs a restart), got "trains"',
  );
  await refused(
    yaml(0.1, "  x_mdc:\n    spool: { fsync: never }\n"),
    'blue.yml:11: data_collector.x_mdc.spool.fsync: expected no change while running (the spool is opened with it; it needs a restart), got "never"',
  );
  // What an option overrules is no change.
  writeFileSync(
    configFile,
    yaml(0.5, "  x_mdc:\n    destination: ./elsewhere\n    spool: { directory: x }\n"),
  );
  await until(() => deployment.status().status === "ok");
  expect(deployment.config).toBe(before);
  writeFileSync(configFile, yaml(0.25));
  await until(() => deployment.config.samplingRate === 0.25);
  expect(deployment.config.version).toBe(2);
});

test("what update has changed stays on top of the file", async () => {
  const { folder, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, yaml(1));
  await using deployment = await openDeployment(options({ configFile, modelVersion: "9" }));
  deployment.update({ collections: { model_outputs: { enabled: true } } });
  writeFileSync(configFile, yaml(0.5));
  await until(() => deployment.config.version === 3);
  expect(deployment.config).toMatchObject({
    samplingRate: 0.5,
    modelName: "late-arrival",
    modelVersion: "9",
  });
  expect(deployment.collector("model_outputs").enabled).toBe(true);
});

test("a ConfigMap that is swapped is a change", async () => {
  const { folder, options } = await scratch();
  for (const [version, rate] of [
    ["v1", 1],
    ["v2", 0],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "blue.yml"), yaml(rate));
  }
  symlinkSync("v1", join(folder, "..data"));
  symlinkSync("..data/blue.yml", join(folder, "blue.yml"));
  await using deployment = await openDeployment(options({ configFile: join(folder, "blue.yml") }));
  expect(deployment.config.samplingRate).toBe(1);
  symlinkSync("v2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  await until(() => deployment.config.samplingRate === 0);
});

test("a file that is wrong from the start is an error of openDeployment, and of the first Collector", async () => {
  const { folder, env, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, yaml(2));
  const message = "blue.yml:6: data_collector.sampling_rate: expected a number from 0 to 1, got 2";
  await expect(openDeployment(options({ configFile }))).rejects.toThrow(message);
  const script = `import { Collector } from "model-data-collector";
    try { new Collector({ name: "a" }) } catch (error) { console.log(error.message) }`;
  const { stdout } = await runScript(script, { env: { ...env, MDC_CONFIG: configFile } });
  expect(stdout.trim()).toBe(message);
});

test("a watched file keeps no process alive", async () => {
  const { folder, env } = await scratch();
  const file = join(folder, "blue.yml");
  writeFileSync(file, yaml(1));
  const script = `import { Collector } from "model-data-collector";
    new Collector({ name: "model_inputs" }).collect([{ a: 1 }]);
    process.on("exit", () => console.log(process.uptime()))`;
  const { stdout, code } = await runScript(script, { env: { ...env, MDC_CONFIG: file } });
  expect(code).toBe(0);
  expect(Number(stdout)).toBeLessThan(20);
});

test("inside an Azure ML deployment the platform's file counts, when no other is named", async () => {
  const { folder, destination, env } = await scratch();
  const platform = join(folder, "mdc-config.json");
  writeFileSync(
    platform,
    JSON.stringify({
      runMode: "local",
      collections: {
        Model_Inputs: { enabled: true, sampleRatePercentage: 100 },
        quiet: { enabled: true, sampleRatePercentage: 0 },
      },
    }),
  );
  const script = `import { Collector } from "model-data-collector";
    for (const name of ["model_inputs", "quiet", "other"]) {
      const collector = new Collector({ name });
      collector.collect([{ a: 1 }]);
      console.log(JSON.stringify(collector.stats().frames));
    }`;
  const { stdout } = await runScript(script, { env: { ...env, AZUREML_MDC_CONFIG_PATH: platform } });
  const [inputs, quiet, other] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(inputs).toMatchObject({ offered: 1, buffered: 1 });
  expect(quiet).toMatchObject({ offered: 1, sampledOut: 1 });
  expect(other).toMatchObject({ offered: 1, disabled: 1 });
  expect(await storedRows(destination, "model_inputs", { a: "float64" })).toMatchObject([{ a: 1 }]);
});
