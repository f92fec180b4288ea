import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Deployment, type DeploymentOptions, openDeployment } from "model-data-collector";
import { onTestFinished } from "vitest";
import { duckdbCollection } from "./parquet-engines.ts";
import { scratch } from "./scratch.ts";

type Row = Readonly<Record<string, unknown>>;

/** A server on loopback whose payloads are logged into a folder. */
export interface PayloadServer {
  readonly port: number;
  readonly deployment: Deployment;
  /** Ends server and deployment, and gives the folder of what was stored. */
  close(): Promise<{ readonly folder: string }>;
  /** Ends server and deployment, and gives what was stored, as DuckDB reads it. */
  stored(): Promise<{ readonly requests: readonly Row[]; readonly responses: readonly Row[] }>;
}

/** Starts what `make` returns for a deployment of its own; it ends with the test. */
export async function payloadServer(
  make: (deployment: Deployment) => Server | Promise<Server>,
  options: DeploymentOptions = {},
): Promise<PayloadServer> {
  const { destination, options: withPlaces } = await scratch();
  const deployment = await openDeployment(withPlaces(options));
  const server = await make(deployment);
  onTestFinished(() => void server.close());
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const close = async (): Promise<{ readonly folder: string }> => {
    await closed(server);
    await deployment.close();
    return { folder: destination };
  };
  return {
    port: (server.address() as AddressInfo).port,
    deployment,
    close,
    stored: async () => {
      await close();
      return {
        requests: await duckdbCollection(destination, "request"),
        responses: await duckdbCollection(destination, "response"),
      };
    },
  };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, "close");
  server.close();
  // Of HTTP/2 there is no such thing: a client ends its own.
  (server as Partial<Server>).closeAllConnections?.();
  await over;
}
