import { type ListenAddress, parseListenAddress } from "../../../sidecar/listening/listen-address.ts";
import { readTlsFiles, type TlsFiles } from "../../../sidecar/intake/tls-files.ts";
import { intakes } from "../../../sidecar/intakes.ts";
import { Target } from "../../../sidecar/proxy/target.ts";
import { Sidecar, type SidecarParts } from "../../../sidecar/sidecar.ts";
import { SidecarDeployment } from "../../../sidecar/sidecar-deployment.ts";
import { type CommandInput, type RunnableCommand, UsageError, wholeNumber } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { toldToEnd } from "../../running/told-to-end.ts";
import { amountText } from "../../text/value-text.ts";

/** Where traffic is taken if nobody says: for this machine alone. */
const defaultListen = "127.0.0.1:8081";

/** `mdc sidecar`: logs what goes through it, until it is told to end. */
export const sidecar: RunnableCommand = {
  name: "sidecar",
  summary: "stand beside a model's server: log its requests and responses, take what it sends",
  parameters:
    "[--target <URL>] [--listen <address>] [--agent <address>] [--events <address>] [--admin <address>]",
  positionals: [0, 0],
  options: {
    target: {
      type: "string",
      value: "<URL>",
      description: "the server to log: http://127.0.0.1:8080, https://<host>, unix:/<path>",
    },
    listen: {
      type: "string",
      value: "<address>",
      description: `where to take its traffic, <host>:<port> or unix:/<path>; default ${defaultListen}`,
    },
    agent: {
      type: "string",
      value: "<address>",
      description: "where to take frames of Azure ML's Python SDK, which posts them to 127.0.0.1:50011",
    },
    events: {
      type: "string",
      value: "<address>",
      description: "where to take CloudEvents of model servers' loggers, such as KServe's",
    },
    "events-cert": {
      type: "string",
      value: "<file>",
      description: "certificate of --events, in PEM, with those that signed it; then it speaks TLS alone",
    },
    "events-key": { type: "string", value: "<file>", description: "its private key, in PEM" },
    admin: {
      type: "string",
      value: "<address>",
      description: "where to answer /healthz, /readyz and /metrics; default nowhere",
    },
    config: { type: "string", value: "<file>", description: "the configuration file; default MDC_CONFIG" },
    spool: { type: "string", value: "<folder>", description: "the spool's folder; default MDC_SPOOL_DIR" },
    deadline: {
      type: "string",
      value: "<seconds>",
      description: "how long ending may take, after SIGTERM or SIGINT; default 25",
    },
  },
  examples: [
    "mdc sidecar --target http://127.0.0.1:8080 --listen 127.0.0.1:8081 --admin 127.0.0.1:9090",
    "mdc sidecar --agent 127.0.0.1:50011",
    "mdc sidecar --events 0.0.0.0:8082 --events-cert tls.crt --events-key tls.key",
    "mdc sidecar --target unix:/run/model.sock --listen 0.0.0.0:8081 --root ./collected",
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  const deadlineMs = wholeNumber(input, "deadline", 1, 25) * 1_000;
  const [proxy, taken] = [proxyOf(input), intakesOf(input)];
  if (proxy === undefined && Object.keys(taken).length === 0) {
    const others = Object.keys(intakes).map((name) => `--${name} <address>`);
    throw new UsageError(`expected --target <URL> or ${others.join(" or ")} (mdc sidecar --help)`);
  }
  const admin = addressOf(input, "admin");
  const beside = new Sidecar({ deployment: deploymentOf(input), proxy, intakes: taken, admin });
  // Before anybody can know that it runs; the next signal finds all in the spool.
  const told = toldToEnd();
  const doors = await beside.listen();
  const target = proxy?.target.text;
  if (input.flag("json")) terminal.json({ ...(target === undefined ? {} : { target }), ...doors });
  else {
    const { listen, ...others } = doors;
    if (listen !== undefined) terminal.out(`listening on ${listen} for ${target}`);
    for (const [name, url] of Object.entries(others)) terminal.out(`${name} on ${url}`);
  }
  await told;
  const { delivered, leftInSpool, dropped } = await beside.close(deadlineMs);
  terminal.err(
    `${amountText(delivered, "frame")} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`,
  );
  return exitCode.ok;
}

function proxyOf(input: CommandInput): SidecarParts["proxy"] {
  const [target, listen] = [input.text("target"), input.text("listen")];
  if (target === undefined && listen !== undefined)
    throw new UsageError("--listen: expected --target <URL> with it (mdc sidecar --help)");
  if (target === undefined) return undefined;
  return {
    target: new Target(target, "--target"),
    listen: parseListenAddress(listen ?? defaultListen, "--listen"),
  };
}

function intakesOf(input: CommandInput): SidecarParts["intakes"] {
  const [agent, events, tls] = [addressOf(input, "agent"), addressOf(input, "events"), tlsOf(input)];
  if (tls !== undefined && events === undefined)
    throw new UsageError("--events-cert: expected --events <address> with it (mdc sidecar --help)");
  return {
    ...(agent === undefined ? {} : { agent: { listen: agent } }),
    ...(events === undefined ? {} : { events: { listen: events, ...(tls === undefined ? {} : { tls }) } }),
  };
}

function tlsOf(input: CommandInput): TlsFiles | undefined {
  const [cert, key] = [input.text("events-cert"), input.text("events-key")];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new UsageError("--events-cert, --events-key: expected both or neither (mdc sidecar --help)");
  return readTlsFiles(cert, key, "--events-cert and --events-key");
}

function addressOf(input: CommandInput, option: string): ListenAddress | undefined {
  const text = input.text(option);
  return text === undefined ? undefined : parseListenAddress(text, `--${option}`);
}

function deploymentOf(input: CommandInput): SidecarDeployment {
  const [destination, configFile] = [input.text("root"), input.text("config")];
  const directory = input.text("spool");
  return new SidecarDeployment(
    {
      ...(destination === undefined ? {} : { destination }),
      ...(configFile === undefined ? {} : { configFile }),
      ...(directory === undefined ? {} : { spool: { directory } }),
    },
    "mdc sidecar",
  );
}
