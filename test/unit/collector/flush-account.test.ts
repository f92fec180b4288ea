import { expect, test, vi } from "vitest";
import { FlushAccount } from "../../../src/collector/flush/flush-account.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";
import { CoreWorld } from "./core-world.ts";

const one = { frames: 1, rows: 1, bytes: 8 };

/** A ledger with so many frames in memory, and so many more in the spool. */
function ledgerWith(buffered: number, spooled: number): Ledger {
  const ledger = new Ledger();
  for (let i = 0; i < buffered + spooled; i++) ledger.enter("buffered", 1, 1, 8);
  for (let i = 0; i < spooled; i++) ledger.move("buffered", "spooled", one);
  return ledger;
}

function deliver(ledger: Ledger, frames: number): void {
  for (let i = 0; i < frames; i++) ledger.move("spooled", "delivered", one);
}

const silent = { pending: undefined, trouble: undefined };

test("a flush to the spool waits for what is in memory, one to the store for the spool, too", () => {
  const ledger = ledgerWith(2, 3);
  const message = (goal: "spool" | "store"): string | undefined =>
    new FlushAccount(ledger, goal).late(silent, 12.3)?.message;
  expect(message("spool")).toBe(
    "flush: 2 frames not yet in the spool after 12 ms; what is left is kept and tried again",
  );
  expect(message("store")).toContain("flush: 5 frames not yet in the destination after 12 ms");
});

test("the backend's answer counts only as far as the ledger bears it out", () => {
  const ledger = ledgerWith(0, 4);
  const account = new FlushAccount(ledger, "store");
  deliver(ledger, 1);
  // It knows of none, of fewer, of more than can be.
  const left = [0, 2, 9].map((pending) => account.late({ pending, trouble: undefined }, 0)?.message);
  expect(left.map((message) => /\d+/.exec(message ?? "")?.[0])).toEqual(["3", "3", "3"]);
  deliver(ledger, 3);
  expect(account.late({ pending: 9, trouble: undefined }, 0)).toBeUndefined();
});

test("when frames came meanwhile, the backend tells what is left of those before, and the number is a bound", () => {
  const ledger = ledgerWith(0, 4);
  const account = new FlushAccount(ledger, "store");
  for (let i = 0; i < 2; i++) ledger.enter("buffered", 1, 1, 8);
  deliver(ledger, 2);
  expect(account.late({ pending: 3, trouble: "403" }, 0)?.message).toBe(
    "flush: up to 3 frames not yet in the destination after 0 ms (403); what is left is kept and tried again",
  );
  deliver(ledger, 2);
  expect(account.late({ pending: 0, trouble: undefined }, 0)).toBeUndefined();
});

test("of what earlier processes had left only the backend knows", () => {
  const ledger = ledgerWith(0, 1);
  const account = new FlushAccount(ledger, "empty");
  expect(account.late({ pending: 8, trouble: undefined }, 0)?.message).toContain("flush: 8 frames");
  deliver(ledger, 1);
  expect(account.late({ pending: 7, trouble: undefined }, 0)?.message).toContain("flush: 7 frames");
  expect(account.late(silent, 0)).toBeUndefined();
});

test("after the deployment was closed it says what the next process has to deliver", () => {
  const ledger = ledgerWith(1, 2);
  const account = new FlushAccount(ledger, "store");
  expect(account.closed()).toMatchObject({ code: "CLOSED", message: expect.stringContaining("3 frames") });
  expect(account.late(silent, 0)).toMatchObject({ code: "TIMEOUT" });
  ledger.move("buffered", "spooled", one);
  deliver(ledger, 3);
  expect(account.closed()).toBeUndefined();
});

test("the result tells what became of the frames asked for, and of the spool only what was there before", () => {
  const total = new Ledger();
  const [mine, others] = [new Ledger(total), new Ledger(total)];
  const put = (ledger: Ledger): void => {
    ledger.enter("buffered", 1, 1, 8);
    ledger.move("buffered", "spooled", one);
  };
  for (let i = 0; i < 3; i++) put(mine);
  put(others);
  mine.refuse("invalid", 1, 1, 8);
  const [toSpool, toStore] = [new FlushAccount(total, "spool", mine), new FlushAccount(total, "store", mine)];
  deliver(mine, 1);
  mine.drop("spooled", "poison", one);
  expect(toSpool.result()).toEqual({ delivered: 1, leftInSpool: 1, dropped: 2 });
  deliver(mine, 1);
  for (let i = 0; i < 5; i++) put(mine);
  expect(toStore.result()).toEqual({ delivered: 2, leftInSpool: 0, dropped: 2 });
  expect(new FlushAccount(total, "spool").result()).toEqual({ delivered: 2, leftInSpool: 6, dropped: 2 });
});

test("a flush keeps its deadline when nobody answers, and tells what the ledger knows", async () => {
  const world = new CoreWorld();
  world.answers = false;
  const collector = world.collector();
  collector.collect([{ a: 1 }]);
  const ended = vi.fn();
  const late = collector.flush({ deadlineMs: 500 }).catch(ended);
  await world.clock.advance(499);
  expect(ended).not.toHaveBeenCalled();
  await world.clock.advance(251);
  await late;
  expect(ended.mock.calls[0]?.[0]).toMatchObject({
    code: "TIMEOUT",
    message: expect.stringMatching(/^flush: 1 frame not yet in the destination after [567]\d\d ms/),
  });
  // What it waited for is there by then: that nobody says so does not make it late.
  world.spoolAll();
  const spooled = collector.flush({ to: "spool", deadlineMs: 0 });
  await world.clock.advance(250);
  expect(await spooled).toEqual({ delivered: 0, leftInSpool: 1, dropped: 0 });
});
