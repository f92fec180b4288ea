import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

test("mdc trace says where a body is that a row refers to", async () => {
  const root = await tempFolder();
  const requestTime = "2026-11-22T05:10:00.000Z";
  const id = idAt(requestTime, 1);
  const ref = `flights/blue/_bodies/request/inference_date=2026-11-22/inference_hour=05/${"0".repeat(32)}.bin`;
  const rows = [{ http_path: "/score", body_ref: ref }];
  storeFile(root, [{ id, requestTime, collection: "request", rows }], {
    http_path: "STRING",
    body_ref: "STRING",
  });
  const answer = await run("trace", "--root", root, id);
  expect(answer.code).toBe(0);
  expect(answer.out).toContain(`its body: ${root}/${ref}\n`);
});
