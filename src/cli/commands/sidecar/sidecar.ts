import { parseListenAddress } from "../../../sidecar/listening/listen-address.ts";
import { Target } from "../../../sidecar/proxy/target.ts";
import { Sidecar } from "../../../sidecar/sidecar.ts";
import { openSidecarDeployment, type SidecarDeployment } from "../../../sidecar/sidecar-deployment.ts";
import { type CommandInput, type RunnableCommand, UsageError, wholeNumber } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { amountText } from "../../text/value-text.ts";

/** Where traffic is taken if nobody says: for this machine alone. */
const defaultListen = "127.0.0.1:8081";

/** `mdc sidecar`: logs what goes through it, until it is told to end. */
export const sidecar: RunnableCommand = {
  name: "sidecar",
  summary: "stand in front of a model's server and log its requests and responses",
  parameters: "--target <URL> [--listen <address>] [--admin <address>]",
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
    "mdc sidecar --target unix:/run/model.sock --listen 0.0.0.0:8081 --root ./collected",
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  const target = input.text("target");
  if (target === undefined) throw new UsageError("expected --target <URL> (mdc sidecar --help)");
  const admin = input.text("admin");
  const deadlineMs = wholeNumber(input, "deadline", 1, 25) * 1_000;
  const proxy = {
    target: new Target(target, "--target"),
    listen: parseListenAddress(input.text("listen") ?? defaultListen, "--listen"),
  };
  const adminAddress = admin === undefined ? undefined : parseListenAddress(admin, "--admin");
  const deployment = deploymentOf(input);
  const beside = new Sidecar({ deployment, proxy, admin: adminAddress });
  const doors = await beside.listen();
  if (input.flag("json")) terminal.json({ target: proxy.target.text, ...doors });
  else {
    terminal.out(`listening on ${doors.listen} for ${proxy.target.text}`);
    if (doors.admin !== undefined) terminal.out(`admin on ${doors.admin}`);
  }
  await toldToEnd();
  const { delivered, leftInSpool, dropped } = await beside.close(deadlineMs);
  terminal.err(
    `${amountText(delivered, "frame")} delivered, ${leftInSpool} left in the spool, ${dropped} dropped`,
  );
  return exitCode.ok;
}

function deploymentOf(input: CommandInput): SidecarDeployment {
  const [destination, configFile] = [input.text("root"), input.text("config")];
  const directory = input.text("spool");
  return openSidecarDeployment(
    {
      ...(destination === undefined ? {} : { destination }),
      ...(configFile === undefined ? {} : { configFile }),
      ...(directory === undefined ? {} : { spool: { directory } }),
    },
    "mdc sidecar",
  );
}

/** Resolves at the first signal to end; the next one ends the process at once, with all in the spool. */
async function toldToEnd(): Promise<void> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.once(signal, () => process.exit(exitCode.ok));
  }
}
