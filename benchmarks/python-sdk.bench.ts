/**
 * For scale: what `collect` costs in Azure Machine Learning's own SDK for Python, for the same shape of
 * frame: the call, and the CPU time of all threads, until the agent has the frame. It runs in a virtual
 * environment made for this, against an agent in another process that takes everything; where there is no
 * Python 3 or no package index, it is not measured. Beside it ours, saturated, from the start to the last
 * file.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PipelineRequest } from "./pipeline-process.ts";
import { askOnce } from "./child.ts";
import { type Benchmark, type BenchmarkContext, type Figures, NotHere, resultsOf } from "./benchmark.ts";

const run = promisify(execFile);
const shapes = [
  { rows: 1, columns: 20 },
  { rows: 10, columns: 20 },
  { rows: 100, columns: 20 },
];
const ownShape = { rows: 10, columns: 20 };
const packages = ["azureml-ai-monitoring", "pandas<3"];
const installMs = 120_000;
const scriptMs = 60_000;

const benchmark: Benchmark = async (context) => {
  // Smoke runs install nothing.
  if (context.smoke) throw new NotHere("installs packages from PyPI, so not in a smoke run");
  const python = await makeEnvironment(context);
  const agent = createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(200).end());
  });
  agent.listen(0, "127.0.0.1");
  await once(agent, "listening");
  const environment = {
    PATH: process.env["PATH"],
    AZUREML_MDC_ENABLED: "true",
    AZUREML_MDC_HOST: "127.0.0.1",
    AZUREML_MDC_PORT: String((agent.address() as AddressInfo).port),
  };
  try {
    const runs = context.scale === "full" ? 3 : 1;
    const figures = shapes.map((): Figures[] => []);
    const own: Figures[] = [];
    for (let round = 0; round < runs; round++) {
      for (const [index, { rows, columns }] of shapes.entries()) {
        const script = join(import.meta.dirname, "python-sdk.py");
        const args = [script, rows, columns, context.size(1000, 100)].map(String);
        const { stdout } = await run(python, args, { env: environment, timeout: scriptMs });
        // The SDK logs to standard output, too.
        const { p50, p99, cpu } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
          p50: number;
          p99: number;
          cpu: number;
        };
        figures[index]?.push({
          p50: { unit: "µs", value: p50 },
          p99: { unit: "µs", value: p99 },
          CPU: { unit: "µs", value: cpu },
        });
      }
      own.push({
        CPU: { unit: "µs", value: await ownCpu(join(context.folder, `${round}`), context.size(4, 1)) },
      });
    }
    return [
      ...shapes.flatMap(({ rows, columns }, index) =>
        resultsOf(`azureml-ai-monitoring, ${rows} × ${columns}`, figures[index] ?? [], {
          facets: { contender: "azureml-ai-monitoring", rows, columns },
        }),
      ),
      ...resultsOf(`ours, ${ownShape.rows} × ${ownShape.columns}`, own, {
        facets: { contender: "ours", ...ownShape },
      }),
    ];
  } finally {
    agent.closeAllConnections();
    agent.close();
  }
};

export default benchmark;

/** CPU time of our whole process per frame, µs. */
async function ownCpu(folder: string, seconds: number): Promise<number> {
  const request: PipelineRequest = { kind: "saturated", sink: "ours, group", folder, seconds, ...ownShape };
  const figures = await askOnce<Figures>(new URL("./pipeline-process.ts", import.meta.url), request);
  const [cpuPercent, rowsPerSecond] = [figures["CPU"]?.value ?? NaN, figures["rows/s"]?.value ?? NaN];
  return (cpuPercent * 1e4 * ownShape.rows) / rowsPerSecond;
}

/** The path of a Python that has the SDK. */
async function makeEnvironment({ folder }: BenchmarkContext): Promise<string> {
  const environment = join(folder, "venv");
  try {
    await run("python3", ["-m", "venv", environment], { timeout: installMs });
    const python = join(environment, "bin", "python");
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], {
      timeout: installMs,
    });
    return python;
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new NotHere(
      `needs Python 3 with venv, and ${packages.join(" and ")} from a package index (${line})`,
    );
  }
}
