import { type HttpAnswer, sendHttp } from "../service/http-send.ts";
import { proxyAgentOf } from "../service/proxy-agent.ts";

/** A request of AWS's library, as far as it is read here. */
interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What it takes for an answer. */
interface AwsAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface AwsCall {
  readonly abortSignal?: unknown;
  /** Milliseconds for one request, where the caller sets a limit of its own: credentials do. */
  readonly requestTimeout?: number;
}

/** For a request that nobody else ends. */
const defaultTimeoutMs = 30_000;
/** The bodies that whoever asks for them reads as they come. */
const streamed: ReadonlySet<number> = new Set([200, 206]);

/**
 * How AWS's library reaches the network, also to ask for credentials: see `service/http-send.ts`, and through
 * the proxy that all other requests go through.
 */
export const awsHttpHandler: {
  handle(request: AwsRequest, call?: AwsCall): Promise<{ response: AwsAnswer }>;
  readonly metadata: { readonly handlerProtocol: string };
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
} = {
  metadata: { handlerProtocol: "http/1.1" },
  async handle(request, call = {}) {
    const url = urlOf(request);
    const signal = signalOf(call);
    const isObject = request.method === "GET" && request.query?.["x-id"] === "GetObject";
    const answer = await sendHttp(
      {
        url,
        method: request.method,
        body: request.body,
        agent: await proxyAgentOf(url),
        ...(isObject ? { streamResponseStatusCodes: streamed } : {}),
      },
      request.headers,
      signal,
    );
    return {
      response: { statusCode: answer.status, headers: plainHeaders(answer), body: bodyOf(answer) },
    };
  },
  updateHttpClientConfig() {},
  httpHandlerConfigs: () => ({}),
  destroy() {},
};

function signalOf({ abortSignal, requestTimeout }: AwsCall): AbortSignal {
  if (abortSignal instanceof AbortSignal) return abortSignal;
  return AbortSignal.timeout(requestTimeout || defaultTimeoutMs);
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === null) return [encoded(name)];
    return [value].flat().map((one) => `${encoded(name)}=${encoded(one)}`);
  });
  const search = pairs.length === 0 ? "" : `?${pairs.join("&")}`;
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search}`;
}

/** As the signature has it: RFC 3986, section 2.3. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function plainHeaders({ headers }: HttpAnswer): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const text = Array.isArray(value) ? value.join(", ") : value;
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function bodyOf({ bodyAsText, readableStreamBody }: HttpAnswer): unknown {
  return readableStreamBody ?? Buffer.from(bodyAsText ?? "");
}
