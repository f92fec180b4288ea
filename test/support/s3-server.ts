import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startFauxqs } from "fauxqs";
import type { S3Keys } from "../../src/store/s3/s3-client.ts";
import type { StoreFixture } from "../contract/store.contract.ts";

/** Whoever knows these; the server does not look. */
export const s3Keys: S3Keys = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/** A running server that speaks S3's protocol, with an empty bucket. */
export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly port: number;
  readonly bucket: string;
  readonly keys: S3Keys;
  /** What it does not do as S3 does. */
  readonly limits?: Pick<StoreFixture, "maxBytes" | "foldsCase">;
  stop(): Promise<void>;
}

/**
 * Starts fauxqs, of all S3 servers that npm installs the one that lists, reads ranges and stores whole
 * objects as S3 does. It knows no condition for a PUT, and looks at no checksum. So a line stands in front of
 * it that compares a body with its checksums, and answers `If-None-Match: *` as S3 does, one request to a
 * name at a time; with `ignoresConditions` it ignores that, as servers do that a store must find out.
 */
export async function startS3Server(
  options: { readonly ignoresConditions?: boolean } = {},
): Promise<S3Server> {
  const bucket = "box";
  const behind = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  behind.createBucket(bucket);
  const front = createServer((incoming, response) => {
    incoming.on("error", () => {});
    response.on("error", () => {});
    const answer =
      incoming.method === "PUT"
        ? put(incoming, response, behind.port, options.ignoresConditions !== true)
        : pass(incoming, response, behind.port, incoming);
    answer.catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  const { port } = front.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    bucket,
    keys: s3Keys,
    limits: { maxBytes: 11 * 1_048_576, foldsCase: true },
    async stop() {
      front.closeAllConnections();
      front.close();
      await behind.stop();
    },
  };
}

/** The puts under way, by name. */
const turns = new Map<string, Promise<void>>();

async function put(
  incoming: IncomingMessage,
  response: ServerResponse,
  portBehind: number,
  keepsConditions: boolean,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { headers, url = "" } = incoming;
  const digest = (name: string) => createHash(name).update(body);
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== digest("md5").digest("base64")) return fail(response, 400, "BadDigest");
  if (headers["x-amz-content-sha256"] !== digest("sha256").digest("hex"))
    return fail(response, 400, "XAmzContentSHA256Mismatch");
  const key = `${portBehind}${url}`;
  const before = turns.get(key);
  const turn = (async () => {
    await before;
    const conditional = keepsConditions && headers["if-none-match"] === "*";
    if (conditional && (await isThere(incoming, portBehind))) fail(response, 412, "PreconditionFailed");
    else await pass(incoming, response, portBehind, body);
  })();
  turns.set(
    key,
    turn.catch(() => {}),
  );
  await turn;
}

/** Whether there is an object of that name. */
async function isThere({ url = "" }: IncomingMessage, port: number): Promise<boolean> {
  const asked = request({ host: "127.0.0.1", port, method: "HEAD", path: url.split("?")[0] }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode === 200;
}

async function pass(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  port: number,
  body: Buffer | IncomingMessage,
): Promise<void> {
  const onward = request({ host: "127.0.0.1", port, method, path: url, headers });
  onward.on("error", () => response.destroy());
  if (Buffer.isBuffer(body)) onward.end(body);
  else body.pipe(onward);
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  answer.pipe(response);
  await once(response, "close");
}

function fail(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>text</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
}
