import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { bodyHash, sendBody } from "../../support/large-bodies.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { startSidecar } from "../../support/sidecar-process.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import { notRun, type Outcome } from "../outcome.ts";

const MiB = 1024 * 1024;
/** Bodies may wait in half of `limits.maxMemoryBytes`, 64 MiB, whose memory is kept for the next; and buffers. */
const maxGrowthBytes = 192 * MiB;

/** One body of so many MiB, stored aside on its way through the sidecar: memory has nothing of its size. */
export async function hugeBody(mebibytes: number): Promise<Outcome> {
  const fault = `a body of ${mebibytes} MiB`;
  if (process.platform !== "linux") return notRun(fault, "memory is looked up in /proc");
  await using folder = await disposableFolder();
  const target = createServer((asked, answer) => {
    asked.resume().on("end", () => answer.end("ok"));
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  const destination = join(folder.path, "collected");
  const config = join(folder.path, "large.mdc.yml");
  writeFileSync(config, `spool:\n  max_bytes: ${8 * 1024 * MiB}\npayload:\n  large_bodies: aside\n`);
  const sidecar = await startSidecar(
    destination,
    join(folder.path, "spool"),
    ["--target", url, "--listen", "127.0.0.1:0", "--deadline", "300"],
    { MDC_CONFIG: config },
  );
  const { pid = 0 } = sidecar.process;
  const port = Number(new URL(sidecar.urls["listen"] ?? "").port);
  // What a first exchange needs for ever is no growth.
  await sendBody(port, "warm-up", 16 * MiB);
  const before = rssOf(pid);
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, rssOf(pid))), 50);
  const size = mebibytes * MiB;
  await sendBody(port, "huge", size);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  clearInterval(sampling);
  const code = await sidecar.end();
  target.close();
  const rows = await duckdbCollection(destination, "request");
  const row = rows.find((each) => each["mdc_correlation_id"] === "huge");
  const stored = globSync("**/*.bin", { cwd: destination }).filter(
    (path) => statSync(join(destination, path)).size === size,
  );
  const hash = bodyHash(size);
  const growth = most - before;
  const problems = [
    ...(code === 0 ? [] : [`the sidecar ended with ${code}: ${sidecar.told()}`]),
    ...(row?.["body_ref"] === stored[0]
      ? []
      : [`its row refers to ${String(row?.["body_ref"])}: ${sidecar.told()}`]),
    ...(row?.["body_sha256"] === hash ? [] : ["its row has another hash"]),
    ...(growth <= maxGrowthBytes ? [] : [`memory grew by ${Math.round(growth / MiB)} MiB`]),
  ];
  const [path] = stored;
  if (path !== undefined && (await hashOf(join(destination, path))) !== hash)
    problems.push("the object is another one");
  const fired = stored.length;
  if (fired === 0) problems.push("no object has that size: the run is void");
  return {
    ...{ fault, injected: 1, fired, offered: 1, acknowledged: fired, lost: 1 - fired },
    ...{ duplicated: 0, invented: 0, problems },
    figure: `memory ${Math.round(before / MiB)} MiB before, ${Math.round(most / MiB)} at most`,
  };
}

/** Bytes of memory that a process has. */
function rssOf(pid: number): number {
  const [, kibibytes = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
