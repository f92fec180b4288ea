import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { expect, test } from "vitest";
import { downloadTo } from "../faults/world.ts";
import { azuriteAccount, startAzurite } from "../support/azurite.ts";
import { makeCertificate } from "../support/bearer-token.ts";
import { type FastClock, fastClockVariable, fastTime } from "../support/fast-clock.ts";
import { startForwardProxy } from "../support/forward-proxy.ts";
import { runScript, scratch, storedRows } from "../support/scratch.ts";
import { entraHost, FakeEntra, GuardedStorage, ProjectedToken } from "../support/workload-identity.ts";

const hourMs = 3_600_000;
/** Of the wall's clock, for an hour of the pod's. */
const wallMs = 600;

/** Bearer tokens need https, https a certificate, and trusting that at run time a recent Node. */
const possible =
  process.platform !== "win32" &&
  "setDefaultCACertificates" in tls &&
  spawnSync("openssl", ["version"]).status === 0;

test.runIf(possible)(
  "a pod with workload identity loses nothing in 34 hours: its tokens end, and are renewed from the newest file",
  async () => {
    const { folder, env } = await scratch();
    const certificate = makeCertificate(folder, entraHost)!;
    tls.setDefaultCACertificates([...tls.getCACertificates(), readFileSync(certificate.cert, "utf8")]);
    await using azurite = await startAzurite({ tls: certificate });
    const container = await azurite.container("inference");

    const began = Date.now() + 2_000;
    const clock: FastClock = { beganMs: began, fromMs: began, factor: hourMs / wallMs };
    const now = (): number => fastTime(clock);
    const hour = (): number => (now() - clock.fromMs) / hourMs;
    const assertions = new ProjectedToken(join(folder, "projected"), now);
    // The first token lives for a day, in which every assertion that was there at the beginning ends.
    const entra = new FakeEntra(assertions, now, (issued) => (issued === 0 ? 24 : 2) * hourMs);
    const storage = new GuardedStorage(entra, now, azurite.port);
    await using entraServer = await entra.listen(certificate);
    await using storageServer = await storage.listen(certificate);
    const proxy = await startForwardProxy(entraServer.port);

    // Replaced after four fifths of their life; but for some hours, just when a new one is needed, they are not.
    assertions.rotate(4 * hourMs);
    let rotated = 0;
    const kubelet = setInterval(() => {
      const isStuck = Math.abs(now() - (entra.firstEnd ?? 0)) < 2 * hourMs;
      if (isStuck || hour() < rotated + 0.8) return;
      rotated = hour();
      assertions.rotate(hourMs);
    }, 20);
    try {
      const { code, stdout, stderr } = await runScript(collecting, {
        timeoutMs: 150_000,
        args: ["--import", new URL("../support/fast-clock.ts", import.meta.url).href],
        env: {
          ...env,
          [fastClockVariable]: JSON.stringify(clock),
          UNTIL: String(clock.fromMs + 34 * hourMs),
          FLUSH_MS: String(wallMs),
          MDC_DESTINATION: `https://127.0.0.1:${storageServer.port}/${azuriteAccount}/inference/collected`,
          AZURE_TENANT_ID: "tenant-1",
          AZURE_CLIENT_ID: "client-1",
          AZURE_FEDERATED_TOKEN_FILE: assertions.path,
          HTTPS_PROXY: proxy.url,
          NODE_EXTRA_CA_CERTS: certificate.cert,
        },
      });
      expect([code, stderr]).toEqual([0, ""]);
      const { collected, frames, seen, heard } = JSON.parse(stdout) as Collected;
      expect(hour()).toBeGreaterThan(34);
      expect(collected).toBeGreaterThan(100);
      expect(frames).toMatchObject({ offered: collected, delivered: collected, dropped: {} });

      // The assertion that was in the file when the day was over had ended, and that was told; then all went on.
      expect(entra.refused).toBeGreaterThan(0);
      expect(heard.join("\n")).toContain("AADSTS700024");
      expect([seen[0], seen.includes("failing"), seen.at(-1)]).toEqual(["ok", true, "ok"]);
      expect(storage.used.size).toBeGreaterThanOrEqual(3);
      expect(proxy.asked).toContain(`${entraHost}:443`);
      for (const secret of [...assertions.all, ...entra.issued]) {
        expect(stdout.includes(secret) || heard.some((message) => message.includes(secret))).toBe(false);
      }

      const rows = await storedRows(await downloadTo(container, folder), "model_inputs", { i: "float64" });
      const numbers = rows.map((row) => Number(row["i"])).toSorted((a, b) => a - b);
      expect(numbers).toEqual(Array.from({ length: collected }, (_, index) => index));
    } finally {
      clearInterval(kubelet);
      await proxy.close();
    }
  },
);

interface Collected {
  readonly collected: number;
  readonly frames: object;
  /** The statuses that it had, one after another. */
  readonly seen: readonly string[];
  readonly heard: readonly string[];
}

/** A service that collects until a moment of the fast clock, and would have everything delivered often. */
const collecting = `
  import { openDeployment } from "model-data-collector";
  const heard = new Set();
  const deployment = await openDeployment({ onError: ({ message }) => heard.add(message) });
  const inputs = deployment.collector("model_inputs");
  const seen = [];
  const look = () => {
    const { status } = deployment.status();
    if (status !== "degraded" && status !== seen.at(-1)) seen.push(status);
  };
  let collected = 0;
  let flushed = performance.now();
  while (Date.now() < Number(process.env.UNTIL)) {
    for (let i = 0; i < 5; i++) inputs.collect([{ i: collected++ }]);
    look();
    if (performance.now() - flushed > Number(process.env.FLUSH_MS)) {
      flushed = performance.now();
      inputs.flush({ deadlineMs: 5_000 }).catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await deployment.flush({ deadlineMs: 100_000 });
  look();
  const { frames } = deployment.stats();
  await deployment.close();
  console.log(JSON.stringify({ collected, frames, seen, heard: [...heard] }));`;
