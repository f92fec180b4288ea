import { expect, test } from "vitest";
import { FlushAccount } from "../../../src/collector/flush-account.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";

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
