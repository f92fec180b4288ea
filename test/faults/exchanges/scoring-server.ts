/**
 * A server of `node:http` whose payloads are logged with default settings, in a process of its own:
 * `scoring-server.ts <options>`, JSON of {@link ServerScenario}. Tells its port when it listens, and what is
 * asked for by messages.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type DeploymentStats, type DeploymentStatus, openDeployment } from "model-data-collector";
import { nodePayloadLogging } from "model-data-collector/http";

/** What the server is made with. */
export interface ServerScenario {
  readonly destination: string;
  readonly credential: string;
  readonly spool: string;
  /** `{}` for the default. */
  readonly rotation: { readonly maxAgeMs?: number };
}

/** What it says of itself. */
export interface ServerState {
  readonly stats: DeploymentStats;
  readonly status: DeploymentStatus;
  /** Bytes of memory, of the whole process. */
  readonly rss: number;
}

const { destination, credential, spool, rotation } = JSON.parse(process.argv[2] ?? "") as ServerScenario;
const deployment = await openDeployment({
  ...{ endpoint: "faults", deployment: "blue", destination, credential },
  spool: { directory: spool },
  rotation,
  onError: () => {},
});

/** Reads its input as models do, and answers a score for it. */
const server = createServer(
  nodePayloadLogging(
    (request, response) => {
      void bodyOf(request).then((text) => {
        const { n, rows } = JSON.parse(text) as { readonly n: number; readonly rows: readonly number[][] };
        const scores = rows.map((row) => row.reduce((sum, value) => sum + value, 0) / row.length);
        const answer = JSON.stringify({ n, scores });
        response.setHeader("content-length", answer.length).setHeader("content-type", "application/json");
        response.end(answer);
      });
    },
    { deployment },
  ),
);

// A client that is slow for a moment is no client that is gone.
server.keepAliveTimeout = 120_000;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on("message", (message: string) => {
  if (message === "state") {
    const rss = process.memoryUsage.rss();
    const state: ServerState = { stats: deployment.stats(), status: deployment.status(), rss };
    process.send?.(state);
  }
  if (message === "end") void end();
});
// Without its parent it would go on for ever.
process.on("disconnect", () => process.exit());

async function end(): Promise<void> {
  server.close();
  server.closeAllConnections();
  const report = await deployment.close({ deadlineMs: 300_000 });
  process.send?.({ report, stats: deployment.stats() }, () => process.disconnect());
}
