import { createServer, type RequestListener } from "node:http";
import type { PayloadOptions } from "model-data-collector/http";
import { PayloadLog } from "../../../src/http/payload-log.ts";
import { parsePayloadOptions } from "../../../src/http/payload-options.ts";
import { ReverseProxy } from "../../../src/sidecar/proxy/reverse-proxy.ts";
import { Target } from "../../../src/sidecar/proxy/target.ts";
import { labelOf, type Lookup, type Served, served } from "./served.ts";

/**
 * A server, and the sidecar's proxy before it if it is to be logged: in this process, so that it takes the
 * options that other subjects have.
 */
export async function behindSidecar(
  listener: RequestListener,
  lookup: Lookup,
  logging: PayloadOptions | undefined,
): Promise<Served> {
  if (logging === undefined) return await served(createServer(listener), lookup);
  const target = await served(createServer(lastOnItsConnection(listener, lookup)), lookup);
  // The deployment is of the package as it is built, of which these sources are another copy.
  const log = new PayloadLog(parsePayloadOptions(logging as never, "mdc sidecar"));
  const proxy = new ReverseProxy(new Target(`http://127.0.0.1:${target.port}`, "target"), log);
  const door = await proxy.listen({ host: "127.0.0.1", port: 0 });
  return {
    port: Number(new URL(door.url).port),
    async close() {
      await door.close(50);
      await target.close();
    },
  };
}

/**
 * Says of answers after which the server destroys the connection that they are its last. Else a proxy may send
 * the next request over it at that moment, which fails and must not be repeated. Nor is a request answered
 * before Node is done with the one before it on its connection: it would write an informational head behind
 * that of the answer.
 */
function lastOnItsConnection(listener: RequestListener, lookup: Lookup): RequestListener {
  return (request, response) => {
    if (lookup(labelOf(request)).ending === "destroy") response.shouldKeepAlive = false;
    if (response.socket === null) response.once("socket", () => listener(request, response));
    else listener(request, response);
  };
}
