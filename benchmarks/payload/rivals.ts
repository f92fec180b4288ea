import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";

/** A server in a process of its own: what to run, and where it will listen. */
export interface StartedBy {
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
}

/** Where nginx is; undefined if it is not on this machine. Debian has it where only root's path leads. */
export function findNginx(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, "nginx")).find(isProgram);
}

/**
 * nginx as a reverse proxy that streams: one process, connections to the target kept, nothing buffered and
 * nothing logged. All that it writes goes into `folder`, so that it needs no rights.
 */
export async function nginx(program: string, folder: string, targetPort: number): Promise<StartedBy> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
    .join("\n");
  const configuration = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  keepalive_requests 100000000;
  upstream target {
    server 127.0.0.1:${targetPort};
    keepalive 64;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://target;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`;
  const file = join(folder, "nginx.conf");
  await writeFile(file, configuration);
  return { program, args: ["-e", "stderr", "-p", folder, "-c", file], port };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
