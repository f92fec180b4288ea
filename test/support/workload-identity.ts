import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer, request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { bearerToken, type Certificate } from "./bearer-token.ts";

/*
 * What a pod with workload identity has around it: a token of its service account in a file that the kubelet
 * replaces, Microsoft Entra that takes it for an access token, and storage that takes that. All go by one
 * clock, and none takes what has ended.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential
 */

/** The host that asks for tokens go to where nothing else is said. */
export const entraHost = "login.microsoftonline.com";

/** A token of a service account in a file, as the kubelet keeps it: a folder behind a link that is swapped. */
export class ProjectedToken {
  readonly #folder: string;
  readonly #now: () => number;
  /** When each token ends. */
  readonly #ends = new Map<string, number>();

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
    mkdirSync(folder);
  }

  get path(): string {
    return join(this.#folder, "token");
  }

  /** All that were ever there. */
  get all(): readonly string[] {
    return [...this.#ends.keys()];
  }

  /** Puts a new token in the place of the last one. */
  rotate(lifetimeMs: number): void {
    const [token, version] = [`header.assertion-${this.#ends.size}.signature`, `..v${this.#ends.size}`];
    this.#ends.set(token, this.#now() + lifetimeMs);
    mkdirSync(join(this.#folder, version));
    writeFileSync(join(this.#folder, version, "token"), token);
    symlinkSync(version, join(this.#folder, "..next"));
    renameSync(join(this.#folder, "..next"), join(this.#folder, "..data"));
    if (this.#ends.size === 1) symlinkSync(join("..data", "token"), this.path);
    else rmSync(join(this.#folder, `..v${this.#ends.size - 2}`), { recursive: true });
  }

  /** Whether one is good. */
  holds(token: string | null): boolean {
    return (this.#ends.get(token ?? "") ?? 0) + toleranceMs > this.#now();
  }
}

/** A server on 127.0.0.1, over https. */
export interface LocalServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * How long a token is still taken after its end, as the real services allow for clocks that differ. Longer
 * than theirs, for by a fast clock a request takes minutes.
 */
const toleranceMs = 30 * 60_000;

/** Gives access tokens for assertions. */
export class FakeEntra {
  readonly #assertions: ProjectedToken;
  readonly #now: () => number;
  readonly #lifetimeMs: (issued: number) => number;
  readonly #ends = new Map<string, number>();
  /** How many assertions were refused, having ended. */
  refused = 0;

  /** `lifetimeMs` is asked of each token, from 0 on. */
  constructor(assertions: ProjectedToken, now: () => number, lifetimeMs: (issued: number) => number) {
    this.#assertions = assertions;
    this.#now = now;
    this.#lifetimeMs = lifetimeMs;
  }

  /** All tokens that it gave. */
  get issued(): readonly string[] {
    return [...this.#ends.keys()];
  }

  /** When the first one ends; undefined before there is one. */
  get firstEnd(): number | undefined {
    return this.#ends.values().next().value;
  }

  holds(token: string): boolean {
    return (this.#ends.get(token) ?? 0) + toleranceMs > this.#now();
  }

  /** Listens. */
  listen(certificate: Certificate): Promise<LocalServer> {
    return listen(certificate, (request, response) => {
      void this.#answer(request).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
  }

  async #answer(request: IncomingMessage): Promise<[status: number, body: object]> {
    const form = new URLSearchParams(await text(request));
    if (request.method !== "POST" || !request.url?.startsWith("/tenant-1/oauth2/v2.0/token")) {
      return [404, { error: "not_found", error_description: `nothing at ${request.url}` }];
    }
    const isAsked =
      form.get("grant_type") === "client_credentials" &&
      form.get("client_id") === "client-1" &&
      form.get("scope")?.split(" ").includes("https://storage.azure.com/.default");
    if (!isAsked)
      return [400, { error: "invalid_request", error_description: "AADSTS900144: something lacks" }];
    if (!this.#assertions.holds(form.get("client_assertion"))) {
      this.refused++;
      const description = "AADSTS700024: Client assertion is not within its valid time range.";
      return [401, { error: "invalid_client", error_description: description, error_codes: [700_024] }];
    }
    const lifetimeMs = this.#lifetimeMs(this.#ends.size);
    // What the emulator looks at goes by the wall's clock; no two are alike.
    const token = bearerToken(3_600_000, `owner-${this.#ends.size}`);
    this.#ends.set(token, this.#now() + lifetimeMs);
    const seconds = Math.floor(lifetimeMs / 1_000);
    return [200, { token_type: "Bearer", expires_in: seconds, ext_expires_in: seconds, access_token: token }];
  }
}

/** Storage that looks at when a token ends before it lets a request through to an emulator, `target`. */
export class GuardedStorage {
  readonly #entra: FakeEntra;
  readonly #now: () => number;
  readonly #target: number;
  /** The tokens that were let through. */
  readonly used: Set<string> = new Set();
  /** How many requests came with a token that had ended, or none that was given. */
  refused = 0;

  constructor(entra: FakeEntra, now: () => number, target: number) {
    this.#entra = entra;
    this.#now = now;
    this.#target = target;
  }

  /** Listens. */
  listen(certificate: Certificate): Promise<LocalServer> {
    const ca = readFileSync(certificate.cert);
    return listen(certificate, (request, response) => {
      const { method, url: path, headers } = request;
      const token = headers.authorization?.replace(/^Bearer /, "") ?? "";
      if (!this.#entra.holds(token)) {
        this.refused++;
        const answer = {
          "x-ms-error-code": "InvalidAuthenticationInfo",
          date: new Date(this.#now()).toUTCString(),
        };
        request.resume();
        response.writeHead(401, answer).end();
        return;
      }
      this.used.add(token);
      const onwards = requestHttps(
        { host: "127.0.0.1", port: this.#target, ca, method, path, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      onwards.on("error", () => response.destroy());
      request.pipe(onwards);
    });
  }
}

async function listen({ cert, key }: Certificate, listener: RequestListener): Promise<LocalServer> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
