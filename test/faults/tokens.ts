import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { startAzurite } from "../support/azurite.ts";
import { bearerToken, makeCertificate } from "../support/bearer-token.ts";
import { notRun, type Outcome, outcomeOf } from "./outcome.ts";
import { findSecrets } from "./secrets.ts";
import { untilStatus } from "./storage-stage.ts";
import { createWorld, downloadTo } from "./world.ts";

/**
 * A token credential that refuses for a while, is well again, gives no answer at all, and is well again. The
 * server is Azurite over https, which takes bearer tokens; the credential lives in the collecting process's
 * own thread.
 */
export async function tokenTrouble(refusedMs: number): Promise<Outcome> {
  const fault = "token credential that rejects, then hangs";
  if (!("setDefaultCACertificates" in tls))
    return notRun(fault, "needs a Node that can trust a certificate later");
  const folder = await mkdtemp(join(tmpdir(), "mdc-faults-certificate-"));
  const before = tls.getCACertificates();
  try {
    const certificate = makeCertificate(folder);
    if (certificate === undefined) return notRun(fault, "there is no openssl to make a certificate");
    tls.setDefaultCACertificates([...before, await readFile(certificate.cert, "utf8")]);
    await using azurite = await startAzurite({ tls: certificate });
    const container = await azurite.container("tokens");
    const secret = "moody-6f1c9b20e7";
    // All tokens begin so.
    const header = bearerToken(0, secret).split(".", 1)[0] ?? "";
    await using world = await createWorld(
      "tokens",
      () => ({
        url: `${azurite.url}/tokens/logs`,
        download: (into) => downloadTo(container, into),
      }),
      { rate: 200, closeMs: 60_000, tokensOf: secret },
      { env: { NODE_EXTRA_CA_CERTS: certificate.cert } },
    );
    const child = world.start({}, { lifeMs: 200_000 });
    await child.ready;
    await sleep(1_500);
    const problems: string[] = [];
    const { delivered: first } = (await child.state()).stats.frames;
    if (first === 0) problems.push("nothing was delivered while the credential was well");

    child.tell("token refused");
    const refused = await untilStatus(child, ["failing"], 15_000);
    await sleep(refusedMs);
    if (refused.seen !== "failing") problems.push(`status "${refused.seen}" while the credential refuses`);
    const waited = (await child.state()).stats.frames.spooled;
    child.tell("token well");
    child.tell("flush");
    await untilStatus(child, ["ok"], 20_000);

    child.tell("token hangs");
    const hanging = await untilStatus(child, ["degraded", "failing"], 40_000);
    if (hanging.seen === "ok") problems.push('status "ok" while the credential hangs');
    child.tell("token well");
    child.tell("flush");
    const healed = await untilStatus(child, ["ok"], 30_000);
    if (healed.seen !== "ok") problems.push(`status "${healed.seen}" after the credential was well again`);

    const { dropped } = (await child.state()).stats.frames;
    if (Object.keys(dropped).length > 0) problems.push(`dropped: ${JSON.stringify(dropped)}`);
    child.tell("end");
    const { code } = await child.ended;
    if (code !== 0) problems.push(`the process ended with ${code}: ${child.output.slice(0, 500)}`);
    problems.push(...findSecrets(world, [secret, header]));
    const { tokens } = child.journal();
    const asked = (mood: string): number => tokens.get(mood) ?? 0;
    return outcomeOf(
      fault,
      { injected: 2, fired: Math.min(asked("refused"), 1) + Math.min(asked("hangs"), 1) },
      await world.judge(),
      `asked ${asked("refused")} times in vain and "${refused.seen}", ${waited} frames waited; ${asked("hangs")} times without an answer and "${hanging.seen}" after ${(hanging.tookMs / 1_000).toFixed(0)} s; then "${healed.seen}"`,
      problems,
    );
  } finally {
    tls.setDefaultCACertificates(before);
    await rm(folder, { recursive: true, force: true });
  }
}
