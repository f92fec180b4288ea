/**
 * `npm run test:interop`: writes a tree of files through the public API, and has other engines read it. Each
 * engine must find the same rows, types and values, and the same counts when it prunes by statistics; and in
 * the certified trees, which are written anew, what they are certified to hold. Then the engine's code in
 * `docs/engines.md` is run as it stands there, and must print what stands below it. The manifests of
 * `examples/kubernetes` are held against Kubernetes' schemas, and Azure's own loader takes the files of
 * `examples/azureml`.
 *
 * What `mdc ddl` prints for pandas, ClickHouse and Spark is run, and its tables must have all rows; for the
 * first two also in Blob Storage and S3; and as Delta tables, for DuckDB then, too. The job of
 * `examples/spark` profiles rows, and must store what the collector has.
 *
 * Then Azure's own Python SDK and this package send the same frames to one server, where they must be equal;
 * the SDK logs frames of all dtypes through `mdc sidecar`, which must be equal in pandas; and Azure's own
 * loader and ours read the same deployment YAMLs, of which they must understand the same.
 *
 * Azure's own `mltable` loads what `mdc export` writes for it.
 *
 * The metrics of `model-data-collector/monitor` are computed by the libraries that they come from, 1,000
 * generated cases of each, and must be the same.
 *
 * Python and its packages are fetched into `node_modules/.cache/interop`. What can not be had (no Python, no
 * network, no Java for Spark) is said and left out; a mismatch exits 1.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countOf } from "../../src/base/plural.ts";
import { runChild, runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { compareWithSdk } from "./agent-frames.ts";
import { compareLoaders, deploymentTexts } from "./azure-loader.ts";
import { writeMetricCases } from "./metric-cases.ts";
import { readTables } from "./delta-tables.ts";
import { certifiedReader, writeFixtures } from "./fixtures/certificate.ts";
import { logThroughSidecar } from "./sidecar-frames.ts";
import { type EnginesPage, readEnginesPage, runSnippet, storeData } from "./page.ts";
import { defineRemoteTables } from "./remote-tables.ts";
import { compareWithSpark } from "./spark-profiles.ts";
import { type ExpectedTree, writeTree } from "./write-tree.ts";

interface Engine {
  /** As its heading in `docs/engines.md`. */
  readonly name: string;
  /** What `read_certified.py` calls it, if not by its name. */
  readonly certified?: string;
  /** What `read_tree.py` calls it, if it reads the tree. */
  readonly reads?: string;
  readonly packages: readonly string[];
  readonly needsJava?: boolean;
}

const engines: readonly Engine[] = [
  { name: "pyarrow", reads: "pyarrow", packages: ["pyarrow>=15"] },
  { name: "pandas", reads: "pandas", packages: ["pandas>=2", "pyarrow>=15"] },
  { name: "Polars", reads: "polars", packages: ["polars>=1", "pyarrow>=15"] },
  { name: "DuckDB", reads: "duckdb", packages: ["duckdb>=1.1", "pyarrow>=15"] },
  // Spark 3 refuses what 4 takes: instants before 1900, unless a file says which calendar theirs is.
  { name: "Spark", reads: "pyspark", packages: ["pyspark==3.5.*"], needsJava: true },
  { name: "DataFusion", packages: ["datafusion>=50", "pyarrow>=15"] },
  // ClickHouse inside Python.
  { name: "ClickHouse", packages: ["chdb>=3", "pyarrow>=15"] },
];

const newerSpark: Engine = {
  name: "Spark 4",
  certified: "Spark",
  reads: "pyspark",
  packages: ["pyspark==4.*"],
  needsJava: true,
};

/** The libraries that metrics come from, as they were when the cases were compared first. */
const metricSources = [
  { name: "scipy", packages: ["numpy==2.4.6", "scipy==1.17.1"] },
  { name: "sklearn", packages: ["numpy==2.4.6", "scikit-learn==1.9.1"] },
  { name: "evidently", packages: ["numpy==2.4.6", "pandas==2.3.3", "scipy==1.17.1", "evidently==0.7.23"] },
  { name: "nannyml", packages: ["numpy==2.4.6", "pandas==2.3.3", "scikit-learn==1.9.1", "nannyml==0.13.1"] },
];

const pipInstall = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];

const folder = await mkdtemp(join(tmpdir(), "mdc-interop-"));
try {
  const expected = await writeTree(join(folder, "collected"));
  await writeFile(join(folder, "expected.json"), JSON.stringify(expected));
  await writeFixtures(join(folder, "certified"));
  console.log(
    `wrote ${expected.collections.map(({ name, rows }) => `${name}: ${rows.length} rows`).join(", ")}`,
  );
  const page = await readEnginesPage();
  const strange = page.snippets.find(({ engine }) => engines.every(({ name }) => name !== engine));
  if (strange !== undefined) throw new Error(`docs/engines.md: nothing here runs ${strange.engine}`);
  await storeData(page, join(folder, "page"));
  // Its modules leave nothing beside themselves.
  process.env["PYTHONDONTWRITEBYTECODE"] = "1";
  // What runs for seconds is not worth optimizing: half the processor time.
  process.env["JDK_JAVA_OPTIONS"] ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
  // Both to their ends, for both use the folder.
  const ends = await Promise.allSettled([checkInOne(expected, page), checkInOthers(expected)]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** What one environment of Python has room for. */
async function checkInOne(expected: ExpectedTree, page: EnginesPage): Promise<void> {
  const python = await virtualEnvironment();
  if (python === undefined) return;
  for (const engine of engines) {
    if (!(await read(python, engine))) continue;
    await runPage(python, engine.name, page);
  }
  await checkParquetJava(python);
  leftOut("Trino", "nothing here fetches its server");
  await checkDefinitions(python, expected);
  await checkRemoteDefinitions(python, expected);
  await checkSparkJob(python);
  await checkManifests(python);
  await checkAzureFiles(python);
  await checkAgentFrames(python);
  await checkSidecar(python);
  await checkDeployments(python);
}

/** In environments of their own, for these libraries want others' versions. */
async function checkInOthers(expected: ExpectedTree): Promise<void> {
  const spark = await virtualEnvironment("interop-spark4");
  if (spark !== undefined) await read(spark, newerSpark);
  const tables = await virtualEnvironment("interop-mltable");
  if (tables !== undefined) await checkMltable(tables);
  const delta = await virtualEnvironment("interop-delta");
  if (delta !== undefined) {
    for await (const line of readTables(delta, folder, rowsOf(expected), run)) {
      console.log(line);
      if (line.includes("FAILED")) process.exitCode = 1;
    }
  }
  const metrics = await virtualEnvironment("interop-metrics");
  if (metrics !== undefined) await checkMetrics(metrics);
}

/** Statements of `mdc ddl`, run where their engine is: the tables must have the rows that were written. */
async function checkDefinitions(python: string, expected: ExpectedTree): Promise<void> {
  for (const engine of ["pandas", "clickhouse", "spark"]) {
    const args = ["ddl", "--engine", engine, "--root", join(folder, "collected"), "--json"];
    const { code, stdout, stderr } = await runNode([join(root, "dist/cli/main.js"), ...args]);
    if (code !== 0) throw new Error(`mdc ${args.join(" ")}: ${stderr}`);
    const file = join(folder, `ddl-${engine}.json`);
    const rows = rowsOf(expected);
    await writeFile(file, JSON.stringify({ statements: JSON.parse(stdout), rows, scratch: folder }));
    const { ok, output } = await run(python, [join(import.meta.dirname, "define_tables.py"), engine, file]);
    const isMissing = output.includes("ModuleNotFoundError") || output.includes("JAVA_GATEWAY_EXITED");
    if (isMissing) leftOut(`mdc ddl --engine ${engine}`, lastLine(output));
    else {
      console.log(
        `mdc ddl --engine ${engine}: ${ok ? "" : "FAILED\n"}${ok ? lastLine(output) : output.trim()}`,
      );
      if (!ok) process.exitCode = 1;
    }
  }
}

/** The same for the tree in Blob Storage and S3. */
async function checkRemoteDefinitions(python: string, expected: ExpectedTree): Promise<void> {
  // What pandas reads them with.
  await run(python, [...pipInstall, "adlfs", "s3fs"]);
  for await (const line of defineRemoteTables(python, folder, rowsOf(expected))) {
    console.log(line);
    if (line.includes("FAILED")) process.exitCode = 1;
  }
}

/** Rows by collection. */
function rowsOf(expected: ExpectedTree): Readonly<Record<string, number>> {
  return Object.fromEntries(expected.collections.map((one) => [one.name, one.rows.length]));
}

/** Has Spark, which is installed by now if it can be, run the job of `examples/spark`. */
async function checkSparkJob(python: string): Promise<void> {
  const name = "examples/spark";
  const job = join(root, "examples/spark/profile_job.py");
  try {
    const told = await compareWithSpark(folder, async (args) => {
      const env = { SPARK_LOCAL_IP: "127.0.0.1" };
      const { code, stderr } = await runChild(python, [job, ...args], { timeoutMs: 300_000, env });
      if (code !== 0) throw new Error(stderr);
    });
    console.log(`${name}: ${told}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isMissing = message.includes("ModuleNotFoundError") || message.includes("JAVA_GATEWAY_EXITED");
    if (isMissing) return leftOut(name, lastLine(message));
    console.log(`${name}: FAILED\n${message}`);
    process.exitCode = 1;
  }
}

/** Has each library compute the same cases. */
async function checkMetrics(python: string): Promise<void> {
  const file = join(folder, "metric-cases.json");
  await writeMetricCases(file, 1000);
  for (const { name, packages } of metricSources) {
    const install = [...pipInstall, ...packages];
    const pip = await run(python, install);
    if (!pip.ok) {
      leftOut(`metrics by ${name}`, `pip could not install it: ${lastLine(pip.output)}`);
      continue;
    }
    const { ok, output } = await run(python, [join(import.meta.dirname, "check_metrics.py"), file, name]);
    console.log(`metrics by ${name}: ${ok ? "" : "FAILED\n"}${output.trim()}`);
    if (!ok) process.exitCode = 1;
  }
}

/** Azure's own Python SDK and this package send the same frames. */
async function checkAgentFrames(python: string): Promise<void> {
  const name = "azureml-ai-monitoring";
  const pip = await run(python, [...pipInstall, name, "pandas>=2"]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  try {
    const told = await compareWithSdk(folder, async (script, args, env) => {
      const path = join(import.meta.dirname, script);
      const { code, stdout, stderr } = await runChild(python, [path, ...args], { timeoutMs: 120_000, env });
      return code === 0 ? undefined : stdout + stderr;
    });
    console.log(`${name}: ${told}`);
  } catch (error) {
    console.log(`${name}: FAILED\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** Azure's own Python SDK logs through `mdc sidecar`. */
async function checkSidecar(python: string): Promise<void> {
  const name = "azureml-ai-monitoring through mdc sidecar";
  const packages = ["azureml-ai-monitoring", "pandas>=2", "pyarrow>=15"];
  const pip = await run(python, [...pipInstall, ...packages]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  try {
    const told = await logThroughSidecar(folder, async (script, args, env) => {
      const path = join(import.meta.dirname, script);
      const { code, stdout, stderr } = await runChild(python, [path, ...args], { timeoutMs: 120_000, env });
      if (code !== 0) throw new Error(stdout + stderr);
      return stdout;
    });
    console.log(`${name}: ${told}`);
  } catch (error) {
    console.log(`${name}: FAILED\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** Azure's own reader loads the MLTable beside an exported file, and the one that names the stored files. */
async function checkMltable(python: string): Promise<void> {
  const name = "mltable";
  const install = [...pipInstall];
  const pip = await run(python, [...install, "mltable", "azureml-dataprep[pandas]", "setuptools<81"]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  const [asset, stored] = [join(folder, "asset"), join(folder, "stored")];
  const file = join(asset, "flights.parquet");
  for (const place of [asset, stored]) await mkdir(place);
  for (const output of [[file, "--mltable"], [join(stored, "MLTable")]]) {
    const args = ["export", "flights", "--root", join(folder, "collected"), "-o", ...output];
    const exported = await run(process.execPath, [join(root, "dist/cli/main.js"), ...args]);
    if (!exported.ok) throw new Error(exported.output);
  }
  const script = join(import.meta.dirname, "read_mltable.py");
  const { ok, output } = await run(python, [script, file, asset, stored]);
  console.log(`${name}: ${ok ? "" : "FAILED\n"}${output.trim()}`);
  if (!ok) process.exitCode = 1;
}

/** Azure's own loader and ours read the same deployment YAMLs. */
async function checkDeployments(python: string): Promise<void> {
  const name = "azure-ai-ml";
  const install = [...pipInstall, `${name}>=1.20`];
  const pip = await run(python, install);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  const script = join(import.meta.dirname, "load_deployments.py");
  const documents = await deploymentTexts(200);
  const { problems, taken } = await compareLoaders(documents, folder, async (file) => {
    const { ok, output } = await run(python, [script, file]);
    if (!ok) throw new Error(output);
    return output;
  });
  if (problems.length > 0) process.exitCode = 1;
  for (const problem of problems) console.log(`${name}: FAILED\n${problem}`);
  const counts = `${taken} of ${countOf(documents.length, "deployment YAML")}`;
  console.log(`${name}: ${counts} taken by both with the same meaning, ${problems.length} wrong`);
}

/**
 * Has one engine read what was written and the certified trees, in one process; a failure sets the exit code
 * and leaves the others their turn. Returns false where it cannot be had.
 */
async function read(python: string, engine: Engine): Promise<boolean> {
  const { name, certified = name, reads, packages, needsJava = false } = engine;
  const install = [...pipInstall, ...packages];
  const pip = needsJava && !(await works("java", ["-version"])) ? undefined : await run(python, install);
  if (pip?.ok !== true) {
    leftOut(
      name,
      pip === undefined ? "there is no Java" : `pip could not install it: ${lastLine(pip.output)}`,
    );
    return false;
  }
  const tree = reads === undefined ? [] : [reads, join(folder, "collected"), join(folder, "expected.json")];
  const { ok, output } = await run(python, [...certifiedReader(folder, certified), ...tree]);
  console.log(ok ? output.trim() : `${name}: FAILED\n${output.trim()}`);
  if (!ok) process.exitCode = 1;
  return true;
}

/** Has parquet-java's reader and its own command line read the certified trees; Maven fetches them. */
async function checkParquetJava(python: string): Promise<void> {
  const name = "parquet-java";
  const pom = join(import.meta.dirname, name, "pom.xml");
  const jars = join(root, "node_modules/.cache", `interop-${name}`);
  const copied = join(jars, "pom.xml");
  if (!existsSync(copied) || (await readFile(copied, "utf8")) !== (await readFile(pom, "utf8"))) {
    await rm(jars, { recursive: true, force: true });
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    const maven = await run("mvn", ["-q", "-B", "-f", pom, goal, `-DoutputDirectory=${jars}`]);
    if (!maven.ok) return leftOut(name, `Maven could not fetch it: ${firstError(maven.output)}`);
    await copyFile(pom, copied);
  }
  process.env["PARQUET_JAVA_JARS"] = jars;
  for (const engine of [name, `${name}'s command line`]) {
    const { ok, output } = await run(python, certifiedReader(folder, engine));
    console.log(ok ? output.trim() : `${engine}: FAILED\n${output.trim()}`);
    if (!ok) process.exitCode = 1;
  }
}

/**
 * Has another program hold the manifests of `examples/kubernetes` against the schemas of the newest
 * Kubernetes that it knows, and of the first in which sidecars end after the others.
 */
async function checkManifests(python: string): Promise<void> {
  const name = "kubernetes-validate";
  const pip = await run(python, [...pipInstall, name]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  const folder = join(root, "examples/kubernetes/rendered");
  const files = (await readdir(folder)).map((file) => join(folder, file));
  for (const version of [[], ["--kubernetes-version", "1.29"]]) {
    const args = ["-m", "kubernetes_validate", "--strict", "--quiet", ...version, ...files];
    const { ok, output } = await run(python, args);
    console.log(
      ok ? `${name}: ${countOf(files.length, "file")} of manifests` : `${name}: FAILED\n${output.trim()}`,
    );
    if (!ok) process.exitCode = 1;
  }
}

/** Has the loader of Azure's own tools take the example's endpoint and deployment. */
async function checkAzureFiles(python: string): Promise<void> {
  const name = "azure-ai-ml";
  const pip = await run(python, [...pipInstall, name]);
  if (!pip.ok) return leftOut(name, `pip could not install it: ${lastLine(pip.output)}`);
  const code = [
    "import sys; from azure.ai.ml import load_online_deployment, load_online_endpoint",
    "endpoint = load_online_endpoint(sys.argv[1] + '/endpoint.yml')",
    "deployment = load_online_deployment(sys.argv[1] + '/deployment.yml')",
    "assert deployment.endpoint_name == endpoint.name",
    "assert deployment.code_configuration.scoring_script == 'score.ts'",
    "assert deployment.environment.inference_config is not None",
  ].join("\n");
  const { ok, output } = await run(python, ["-c", code, join(root, "examples/azureml")]);
  console.log(ok ? `${name}: takes endpoint and deployment` : `${name}: FAILED\n${output.trim()}`);
  if (!ok) process.exitCode = 1;
}

async function runPage(python: string, name: string, { snippets }: EnginesPage): Promise<void> {
  const own = snippets.filter(({ engine }) => engine === name);
  let wrong = own.length === 0 ? 1 : 0;
  if (own.length === 0) console.log(`${name}: FAILED\ndocs/engines.md says nothing of it`);
  for (const snippet of own) {
    const problem = await runSnippet(python, snippet, join(folder, "page"));
    if (problem === undefined) continue;
    wrong++;
    console.log(`${name}: FAILED\n${problem}`);
  }
  if (wrong > 0) process.exitCode = 1;
  else console.log(`${name}: ${countOf(own.length, "snippet")} of docs/engines.md, printing what it says`);
}

/** The Python of an environment of our own, made on first use. */
async function virtualEnvironment(name = "interop"): Promise<string | undefined> {
  const home = join(root, "node_modules", ".cache", name);
  const python =
    process.platform === "win32" ? join(home, "Scripts", "python.exe") : join(home, "bin", "python");
  if (existsSync(python) && (await works(python, ["-m", "pip", "--version"]))) return python;
  for (const system of ["python3", "python"]) {
    if (await works(system, ["-m", "venv", "--clear", home])) return python;
  }
  leftOut(
    name === "interop" ? "all engines" : name,
    "there is no Python 3 that can make a virtual environment",
  );
  return undefined;
}

function leftOut(what: string, why: string): void {
  console.log(`${what}: left out, ${why}`);
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return (await run(program, args)).ok;
}

async function run(program: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  try {
    // Spark is some hundred megabytes to fetch, and a machine may be busy.
    const { code, stdout, stderr } = await runChild(program, args, { timeoutMs: 600_000 });
    return { ok: code === 0, output: code === 0 ? stdout : stdout + stderr };
  } catch (error) {
    return { ok: false, output: String(error) };
  }
}

/** The first line in which Maven says what is wrong. */
function firstError(output: string): string {
  return output.split("\n").find((line) => line.includes("ERROR")) ?? lastLine(output);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
