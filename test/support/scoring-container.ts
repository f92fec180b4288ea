import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nodeFor } from "./child.ts";
import { root } from "./packed-project.ts";

/** The folder of the example. */
const example = join(root, "examples/azureml");

type RouteName = `${"liveness" | "readiness" | "scoring"}_route`;

interface Route {
  readonly path: string;
  readonly port: number;
}

/** What the platform reads of `deployment.yml`. */
export const deploymentYaml: {
  readonly code_configuration: { readonly code: string; readonly scoring_script: string };
  readonly model: { readonly name: string; readonly version: number; readonly path: string };
  readonly environment: {
    readonly build: { readonly path: string };
    readonly inference_config: Readonly<Record<RouteName, Route>>;
  };
  readonly environment_variables: Readonly<Record<string, string>>;
  readonly request_settings: { readonly max_concurrent_requests_per_instance: number };
} = parse(readFileSync(join(example, "deployment.yml"), "utf8"));

const routes: Readonly<Record<RouteName, Route>> = deploymentYaml.environment.inference_config;

/** What README asks for. */
export const sampleRequest: unknown = JSON.parse(readFileSync(join(example, "sample-request.json"), "utf8"));

/** What to run, and how it differs from what the example's `deployment.yml` says. */
export interface ContainerOptions {
  /** A folder to lay the container's file system out in. */
  readonly folder: string;
  /** Over the variables of `deployment.yml`; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A scoring script in the place of the example's: its file's name and text. */
  readonly script?: readonly [name: string, text: string];
}

/**
 * The example's container as the platform starts it: its folders, with those that the platform mounts, its
 * variables and its command, as a child process. Only the port is a free one.
 */
export class ScoringContainer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #output: readonly string[];

  private constructor(child: ChildProcess, url: string, output: readonly string[]) {
    this.#child = child;
    this.#url = url;
    this.#output = output;
  }

  /** Starts one and waits until it listens. */
  static async start({ folder, env = {}, script }: ContainerOptions): Promise<ScoringContainer> {
    const app = join(folder, "var/azureml-app");
    const { code_configuration: code, model } = deploymentYaml;
    const models = join(app, "azureml-models", model.name, String(model.version));
    mkdirSync(models, { recursive: true });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/model-data-collector"), "junction");
    cpSync(join(example, deploymentYaml.environment.build.path, "server"), join(folder, "server"), {
      recursive: true,
    });
    cpSync(join(example, code.code), join(app, code.code), { recursive: true });
    cpSync(join(example, model.path), join(models, model.path.split("/").at(-1)!));
    if (script !== undefined) writeFileSync(join(app, code.code, script[0]), script[1]);

    const dockerfile = readFileSync(
      join(example, deploymentYaml.environment.build.path, "Dockerfile"),
      "utf8",
    );
    const [, main = ""] = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "[]") as string[];
    const child = spawn(nodeFor("main.ts"), [join(folder, main)], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...deploymentYaml.environment_variables,
        MDC_SPOOL_DIR: join(folder, "spool"),
        AML_APP_ROOT: join(app, code.code),
        AZUREML_ENTRY_SCRIPT: script?.[0] ?? code.scoring_script,
        AZUREML_MODEL_DIR: models,
        PORT: "0",
        ...env,
      },
    });
    const output: string[] = [];
    const listening = new Promise<string>((resolve, reject) => {
      const read = (text: string): void => {
        output.push(text);
        const url = /^listening on (http:\S+)$/m.exec(output.join(""))?.[1];
        if (url !== undefined) resolve(url);
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("exit", () => reject(new Error(`the container has ended: ${output.join("")}`)));
    });
    return new ScoringContainer(child, await listening, output);
  }

  /** All that the container has logged. */
  get log(): string {
    return this.#output.join("");
  }

  /** Asks a route of `deployment.yml`, or another path. */
  get(route: RouteName | `/${string}`): Promise<Response> {
    return fetch(this.#url + (route in routes ? routes[route as RouteName].path : route));
  }

  /** Waits until a route answers with a status. */
  async until(route: RouteName, status: number): Promise<Response> {
    for (const end = Date.now() + 20_000; ; ) {
      const response = await this.get(route);
      if (response.status === status) return response;
      if (Date.now() > end)
        throw new Error(`${route}: ${response.status}, ${await response.text()}: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Has a body scored: a value as JSON, or what `init` says. */
  score(body: unknown, init: RequestInit = {}): Promise<Response> {
    const headers = { "content-type": "application/json", ...(init.headers as Record<string, string>) };
    const request = { method: "POST", body: JSON.stringify(body), ...init, headers };
    return fetch(this.#url + routes.scoring_route.path, request);
  }

  /** Sends SIGTERM, as the platform does, and waits for the end: the exit code, or the signal. */
  async stop(): Promise<number | string> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code, signal] = (await ended) as [number | null, string];
    return code ?? signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
