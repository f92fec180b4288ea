import { setTimeout as sleep } from "node:timers/promises";
import type { ProxyRule } from "../support/http-proxy.ts";
import type { Outcome } from "./outcome.ts";
import { sizeOf } from "./secrets.ts";
import {
  alreadyThere,
  blobAnswer,
  isUpload,
  mebibytes,
  stage,
  untilStatus,
  waitFor,
} from "./storage-stage.ts";

/** The server is down, comes back; what was collected meanwhile waits. */
export function outage(downMs: number): Promise<Outcome> {
  return stage("storage down, then up", async ({ azurite, child }) => {
    await sleep(800);
    await azurite.halt();
    await sleep(downMs / 2);
    const { seen, reasons } = await untilStatus(child, ["degraded", "failing"], 10_000);
    await sleep(downMs / 2);
    const during = (await child.state()).stats.frames;
    await azurite.start();
    return {
      injected: 1,
      fired: seen === "ok" ? 0 : 1,
      figure: `down ${(downMs / 1_000).toFixed(0)} s, status "${seen}" (${reasons[0] ?? ""}), ${during.spooled} frames waited`,
      problems: Object.keys(during.dropped).length > 0 ? [`dropped: ${JSON.stringify(during.dropped)}`] : [],
    };
  });
}

/** The server stops answering, with connections left open, and goes on. */
export function stall(stalledMs: number): Promise<Outcome> {
  return stage("storage stopped (SIGSTOP), then continued", async ({ azurite, child }) => {
    await sleep(800);
    azurite.pause();
    await sleep(stalledMs);
    const { spooled } = (await child.state()).stats.frames;
    azurite.resume();
    return {
      injected: 1,
      fired: spooled > 0 ? 1 : 0,
      figure: `stopped ${(stalledMs / 1_000).toFixed(0)} s, ${spooled} frames waited`,
    };
  });
}

/** The server stores a file, and the answer gets lost. */
export function lostAnswers(times: number): Promise<Outcome> {
  return stage("answer lost after the file was stored", async ({ http, child }) => {
    let lost = 0;
    http.setRule(async (request, forward) => {
      const answer = await forward();
      if (isUpload(request) && answer.status === 201 && lost < times) {
        lost++;
        throw new Error("lost");
      }
      return answer;
    });
    await waitFor(() => lost >= times, 60_000 + times * 2_000, child);
    return { injected: times, fired: lost, figure: alreadyThere(http) };
  });
}

/** An upload is cut after a number of bytes, each time another one. */
export function cutUploads(times: number): Promise<Outcome> {
  return stage("upload cut in the middle", async ({ tcp, child }) => {
    for (let time = 0; time < times; time++) {
      const before = tcp.faults;
      await tcp.setFault({ cutRequestAfterBytes: 200 + ((time * 997) % 6_000) }, 1);
      await waitFor(() => tcp.faults > before, 20_000, child);
    }
    await tcp.setFault(undefined);
    return { injected: times, fired: tcp.faults, figure: "" };
  });
}

/** The server accepts requests and never answers; the deadline of an attempt ends the wait. */
export function silence(): Promise<Outcome> {
  return stage("server that never answers", async ({ http, child }) => {
    await sleep(800);
    let unanswered = 0;
    http.setRule(() => {
      unanswered++;
      return new Promise(() => {});
    });
    const { seen, reasons, tookMs } = await untilStatus(child, ["degraded", "failing"], 40_000);
    http.setRule(undefined);
    return {
      injected: 1,
      fired: seen === "ok" ? 0 : unanswered,
      figure: `status "${seen}" after ${(tookMs / 1_000).toFixed(1)} s (${reasons[0] ?? ""})`,
      problems: tookMs > 25_000 ? ["the deadline of an attempt is 15 s"] : [],
    };
  });
}

/** The server asks for patience (429, 503) and says how long. */
export function retryAfter(status: 429 | 503, seconds: number): Promise<Outcome> {
  return stage(`${status} with Retry-After: ${seconds}`, async ({ http, child }) => {
    let refusedAt: number | undefined;
    let nextAt: number | undefined;
    http.setRule(async (request, forward) => {
      if (!isUpload(request) || nextAt !== undefined) return forward();
      // What was on its way together with the first is no new attempt.
      if (refusedAt !== undefined && performance.now() - refusedAt > 200) {
        nextAt = performance.now();
        return forward();
      }
      refusedAt ??= performance.now();
      return blobAnswer(status, status === 429 ? "TooManyRequests" : "ServerBusy", {
        "retry-after": String(seconds),
      });
    });
    await waitFor(() => nextAt !== undefined, 30_000 + seconds * 2_000, child);
    const gap = ((nextAt ?? Number.POSITIVE_INFINITY) - (refusedAt ?? 0)) / 1_000;
    return {
      injected: 1,
      fired: refusedAt === undefined ? 0 : 1,
      figure: `next attempt after ${gap.toFixed(2)} s`,
      problems:
        gap < seconds * 0.99 || gap > seconds * 2 + 1 ? [`asked to wait ${seconds} s, waited ${gap} s`] : [],
    };
  });
}

/** The server refuses (no access, no container) until somebody puts it right. */
export function refusal(status: 401 | 403 | 404, code: string, refusedMs: number): Promise<Outcome> {
  return stage(
    `${status} ${code} for a while, then put right`,
    async ({ http, child }) => {
      let refused = 0;
      http.setRule(async () => {
        refused++;
        return blobAnswer(status, code);
      });
      const { seen, reasons } = await untilStatus(child, ["failing"], 15_000);
      await sleep(refusedMs);
      const during = (await child.state()).stats.frames;
      http.setRule(undefined);
      const problems =
        Object.keys(during.dropped).length > 0 ? [`dropped: ${JSON.stringify(during.dropped)}`] : [];
      if (seen !== "failing") problems.push(`status "${seen}", not "failing"`);
      return {
        injected: 1,
        fired: refused,
        figure: `status "${seen}" (${reasons[0] ?? ""}), ${during.spooled} frames waited`,
        problems,
      };
    },
    { signature: true },
  );
}

/** Another file lies where ours is to go. */
export function foreignFile(): Promise<Outcome> {
  return stage("another file of the same name is there", async ({ azurite, http, child }) => {
    const container = await azurite.container("faults");
    const foreign = "not ours";
    let name: string | undefined;
    http.setRule(async (request, forward) => {
      if (isUpload(request) && name === undefined) {
        const [path = ""] = request.url.split("?");
        name = decodeURIComponent(path.slice(path.indexOf("/faults/") + "/faults/".length));
        await container.getBlockBlobClient(name).upload(foreign, foreign.length);
      }
      return forward();
    });
    await waitFor(
      () => child.journal().errors.some(({ reason }) => reason === "quarantined_conflict"),
      30_000,
      child,
    );
    const there =
      name === undefined ? "" : (await container.getBlobClient(name).downloadToBuffer()).toString();
    // The oracle reads every file, and this one is no Parquet.
    if (name !== undefined) await container.deleteBlob(name);
    const { dropped } = (await child.state()).stats.frames;
    return {
      injected: 1,
      fired: name === undefined ? 0 : 1,
      figure: `${dropped["conflict"] ?? 0} frames set aside and counted, ${there === foreign ? 0 : 1} overwritten`,
      problems: there === foreign ? [] : [`the other file was overwritten: ${there.slice(0, 40)}`],
      quarantined: 1,
    };
  });
}

/**
 * The server, or something before it, lies: fails after it stored, fails before, answers with something else.
 */
export function lies(times: number): Promise<Outcome> {
  return stage("server that lies", async ({ http, child }) => {
    const tricks: ProxyRule[] = [
      async (_, forward) => {
        await forward();
        return blobAnswer(500, "InternalError");
      },
      async () => blobAnswer(500, "InternalError"),
      async (_, forward) => {
        await forward();
        return { status: 200, headers: { "content-type": "text/html" }, body: "<html>captive portal</html>" };
      },
      async () => ({ status: 503, body: "\u0000\u0001 no XML" }),
      async (_, forward) => {
        await forward();
        return blobAnswer(408, "OperationTimedOut");
      },
      // A bit falls over on the way: the server refuses by the checksum.
      async ({ body }, forward) => {
        const harmed = Buffer.from(body);
        const at = harmed.length >> 1;
        harmed[at] = (harmed[at] ?? 0) ^ 4;
        return forward(harmed);
      },
    ];
    let told = 0;
    let uploads = 0;
    http.setRule((request, forward) => {
      const trick = tricks[told % tricks.length];
      // Every second upload goes well, so that the pauses between attempts do not grow without end.
      const honest = !isUpload(request) || uploads++ % 2 === 1;
      if (honest || told >= times || trick === undefined) return forward();
      told++;
      return trick(request, forward);
    });
    await waitFor(() => told >= times, 60_000 + times * 5_000, child);
    return { injected: times, fired: told, figure: alreadyThere(http) };
  });
}

/**
 * The spool fills up while the server is down: disk and memory stay within bounds, and every frame is
 * accounted for.
 */
export function fullSpool(downMs: number): Promise<Outcome> {
  const maxBytes = 2 * 1024 * 1024;
  const maxMemoryBytes = 16 * 1024 * 1024;
  return stage(
    "full spool while storage is down",
    async ({ azurite, world, child }) => {
      await sleep(500);
      await azurite.halt();
      const { rss: before } = await child.state();
      const end = performance.now() + downMs;
      let mostDisk = 0;
      let mostMemory = 0;
      while (performance.now() < end) {
        mostDisk = Math.max(mostDisk, sizeOf(world.spool));
        const { rss, stats } = await child.state();
        mostMemory = Math.max(mostMemory, rss - before);
        if (stats.bytes.buffered > maxMemoryBytes)
          throw new Error("more in memory than limits.maxMemoryBytes");
        await sleep(100);
      }
      const { dropped } = (await child.state()).stats.frames;
      await azurite.start();
      const bound = 2 * maxBytes + 1024 * 1024;
      const problems = mostDisk > bound ? [`the spool took ${mostDisk} bytes of ${maxBytes}`] : [];
      if (mostMemory > 150 * 1024 * 1024) problems.push(`memory grew by ${mostMemory} bytes`);
      const { spool_full: full = 0, ...others } = dropped;
      if (Object.keys(others).length > 0)
        problems.push(`dropped for other reasons: ${JSON.stringify(others)}`);
      return {
        injected: 1,
        fired: full,
        figure: `${full} frames dropped and counted; disk at most ${mebibytes(mostDisk)} of ${mebibytes(maxBytes)} MiB, memory grew ${mebibytes(mostMemory)} MiB`,
        problems,
      };
    },
    {
      scenario: {
        rate: 1_000,
        paddingBytes: 2_000,
        deployment: { spool: { maxBytes }, limits: { maxMemoryBytes } },
      },
    },
  );
}
