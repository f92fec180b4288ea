import { type CommandInput, type RunnableCommand, UsageError, wholeNumber } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { waitingFrames } from "../live.ts";
import { toldToEnd } from "../running/told-to-end.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";

/** How long what is being answered may take when the command ends. */
const closeMs = 500;

/** `mdc ui`: a page to look at what is stored. */
export const ui: RunnableCommand = {
  name: "ui",
  summary: "serve a page to this machine that shows what is stored, until Ctrl-C; only reads",
  parameters: "[--port <port>] [--endpoint <name>] [--deployment <name>]",
  positionals: [0, 0],
  options: {
    port: { type: "string", value: "<port>", description: "where to listen on 127.0.0.1; default any free" },
    ...datasetOptions,
  },
  examples: ["mdc ui", "mdc ui --root ./collected --port 8085", "mdc ui --cache-dir ~/.cache/mdc"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const port = portOf(input);
    // The other commands need none of it.
    const { PageServer } = await import("../ui/serving/page-server.ts");
    await withDataset(input, async (data, catalog) => {
      const server = new PageServer({
        ...{ data, catalog },
        waitingFrames: (correlationId) => waitingFrames(input, { correlationId }),
        waitingLines: () => waitingLines(input),
      });
      // Before anybody can know that it runs.
      const told = toldToEnd();
      const { url, close } = await server.listen(port).catch((error: unknown) => {
        throw isTaken(error) ? new UsageError(`--port: ${port} is taken`) : error;
      });
      if (input.flag("json")) terminal.json({ url, root: data.root });
      else {
        terminal.out(`${data.root} can be looked at, from this machine, until Ctrl-C:`);
        terminal.out(url);
      }
      await told;
      await close(closeMs);
    });
    return exitCode.ok;
  },
};

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function portOf(input: CommandInput): number {
  const port = wholeNumber(input, "port", 0, 0);
  if (port > 65_535) throw new UsageError("--port: expected a port, at most 65535");
  return port;
}
