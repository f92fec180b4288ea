import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** A self-made certificate for 127.0.0.1 and the host {@link certifiedHost}: paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A name that no name server knows: whoever reaches it went through a proxy. */
export const certifiedHost = "storage.mdc-test.invalid";

/** Makes one in a folder, for more hosts if they are named, good for two days; undefined without `openssl`. */
export function makeCertificate(folder: string, ...hosts: readonly string[]): Certificate | undefined {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const names = ["IP:127.0.0.1", ...[certifiedHost, ...hosts].map((host) => `DNS:${host}`)];
  const subject = ["-subj", "/CN=localhost", "-addext", `subjectAltName=${names.join(",")}`];
  const args = [
    "req",
    "-x509",
    ...algorithm,
    "-nodes",
    "-days",
    "2",
    "-keyout",
    key,
    "-out",
    cert,
    ...subject,
  ];
  return spawnSync("openssl", args).status === 0 ? { cert, key } : undefined;
}

/**
 * A token as Azure gives them, with a signature that only an emulator accepts. `owner` is to be found in it.
 */
export function bearerToken(lifetimeMs: number, owner: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
    iat: now - 60,
    nbf: now - 60,
    exp: now + Math.ceil(lifetimeMs / 1_000),
    oid: owner,
  };
  const signature = Buffer.from("signature").toString("base64url");
  return `${part({ typ: "JWT", alg: "RS256" })}.${part(claims)}.${signature}`;
}
