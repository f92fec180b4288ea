import { expect, test } from "vitest";
import { SimulatedFileSystem } from "../../support/simulated-file-system.ts";
import { countsOf, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

/** A spool with one record in it whose next write stops half way. */
function withFailingWrite(code: string) {
  const fileSystem = new SimulatedFileSystem();
  const world = new SpoolWorld(fileSystem);
  const { spool, kill } = world.start();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  let failures = 1;
  fileSystem.fault = ({ name }) =>
    name === "write" && failures-- > 0 ? { code, writtenShare: 0.5 } : undefined;
  return { world, spool, kill };
}

test.each(["EFBIG", "EIO"])(
  "a file that takes no more (%s) costs no record: it goes to another file",
  async (code) => {
    const { world, spool, kill } = withFailingWrite(code);
    for (let n = 2; n <= 5; n++) {
      expect(spool.writer.append("a", recordOf(n), countsOf(n), n)).toEqual({ status: "appended" });
    }
    expect(spool.writer.open().map(({ counts }) => counts.frames)).toEqual([1, 2 + 3 + 4 + 5]);
    kill();
    const { records } = await recoverAll(new SpoolWorld(world.fileSystem, 500).start().spool);
    expect(records.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  },
);

test("a full disk is not asked twice: for five seconds, frames are refused as disk_low", () => {
  const { world, spool } = withFailingWrite("ENOSPC");
  const refused = { status: "full", reason: "disk_low" };
  expect(spool.writer.append("a", recordOf(2), countsOf(2), 2)).toEqual(refused);
  expect(world.files(".open")).toHaveLength(1);
  world.nowMs += 4_900;
  expect(spool.writer.append("a", recordOf(3), countsOf(3), 3)).toEqual(refused);
  world.nowMs += 200;
  expect(spool.writer.append("a", recordOf(4), countsOf(4), 4)).toEqual({ status: "appended" });
});
