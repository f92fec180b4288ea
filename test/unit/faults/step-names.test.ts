import { expect, test } from "vitest";
import { crashGroups } from "../../faults/crash-groups.ts";
import { CrashTrigger } from "../../faults/preload/crash-plan.ts";
import { createStepNames } from "../../faults/preload/step-names.ts";

const folder = `/spool/mc1/${"a".repeat(32)}`;
const id = "0".repeat(32);
const record = Buffer.from("MCFR\x01\0\0\0 and what follows", "latin1");
const footer = Buffer.from("MCFR\x02\0\0\0 and what follows", "latin1");

test("a write to a segment is its header, a record or the footer", () => {
  const names = createStepNames();
  const path = `${folder}/${id}.12345678.open`;
  const write = (bytes: Uint8Array, position: number, created = true): string | undefined =>
    names.ofSpool({ call: "write", path, created, bytes, position });
  expect(write(Buffer.from("MCSPOOL1"), 0)).toBe("segment-header-written");
  expect(names.ofSpool({ call: "datasync", path, created: true })).toBe("segment-synced");
  expect(write(record, 144)).toBe("record-written");
  expect(write(footer, 300)).toBe("seal-footer-written");
  expect(names.ofSpool({ call: "datasync", path, created: true })).toBe("seal-synced");
  expect(
    createStepNames().ofSpool({ call: "write", path, created: false, bytes: footer, position: 300 }),
  ).toBe("recovery-footer-written");
});

test("the same call has another name for what this thread made and for what the dead left", () => {
  const names = createStepNames();
  const [own, left] = [`${folder}/${id}.12345678.open`, `${folder}/${"1".repeat(32)}.12345678.open`];
  names.ofSpool({ call: "create", path: own });
  const sealed = (path: string): string => `${path.slice(0, -".12345678.open".length)}.seg`;
  expect(names.ofSpool({ call: "rename", path: own, to: sealed(own) })).toBe("seal-renamed");
  expect(names.ofSpool({ call: "syncDirectory", path: folder })).toBe("seal-directory-synced");
  expect(names.ofSpool({ call: "rename", path: left, to: sealed(left) })).toBe("recovery-sealed");
  expect(names.ofSpool({ call: "syncDirectory", path: folder })).toBe("recovery-seal-directory-synced");
});

test("frozen bytes that go after their segment are released, without it garbage", () => {
  const names = createStepNames();
  const body = `${folder}/${id}.0123456789abcdef.body`;
  expect(names.ofSpool({ call: "unlink", path: body })).toBe("recovery-body-unlinked");
  expect(names.ofSpool({ call: "unlink", path: `${folder}/${id}.a1.seg` })).toBe("release-segment-unlinked");
  expect(names.ofSpool({ call: "unlink", path: body })).toBe("release-body-unlinked");
});

test("a file that is no part of the spool's layout has no name", () => {
  expect(createStepNames().ofSpool({ call: "create", path: `${folder}/surprise` })).toBeUndefined();
  expect(createStepNames().ofSpool({ call: "syncDirectory", path: folder })).toBeUndefined();
});

test("a process dies at the time it is to, and at no other", () => {
  const trigger = new CrashTrigger({ point: "seal-renamed", side: "before", nth: 2 });
  const reached = ["seal-renamed", "seal-synced", undefined, "seal-renamed", "seal-renamed"].map((name) =>
    trigger.reached(name),
  );
  expect(reached).toEqual([undefined, undefined, undefined, "before", undefined]);
  expect(new CrashTrigger({}).reached(undefined)).toBeUndefined();
});

test("no point is listed twice", () => {
  const all = crashGroups.flatMap(({ points }) => points.map(({ name }) => name));
  expect(new Set(all).size).toBe(all.length);
});
