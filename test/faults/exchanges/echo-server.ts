/**
 * A server of `node:http` that gives back what it is sent, in a process of its own: `echo-server.ts <port>
 * [logged]`. Logged, its payloads go where the environment says; it ends when it is told to, and delivers.
 */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { nodePayloadLogging } from "model-data-collector/http";

const [port = "0", logged] = process.argv.slice(2);

const echo: RequestListener = (request, response) => {
  const { "content-type": type = "application/octet-stream", "content-encoding": coding } = request.headers;
  response.writeHead(200, { "content-type": type, ...(coding && { "content-encoding": coding }) });
  request.pipe(response);
  // Of half a question there is no answer.
  request.on("error", () => response.destroy());
};

const server = createServer(logged === "logged" ? nodePayloadLogging(echo) : echo);
server.listen(Number(port), "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("message", () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
