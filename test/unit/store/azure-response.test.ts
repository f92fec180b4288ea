import { describe, expect, test } from "vitest";
import { classifyAzureAnswer } from "../../../src/store/azure/azure-response.ts";
import { parseRetryAfter, type ServiceAnswer } from "../../../src/store/service/answer-facts.ts";

const now = Date.UTC(2026, 10, 22, 5);
const kind = (answer: ServiceAnswer) => classifyAzureAnswer(answer, now).kind;

describe("what an answer means", () => {
  test.each<[number | undefined, string | undefined, string]>([
    [undefined, undefined, "transient"],
    [undefined, "ECONNRESET", "transient"],
    [undefined, "ECONNREFUSED", "transient"],
    [undefined, "ETIMEDOUT", "transient"],
    [undefined, "EAI_AGAIN", "transient"],
    [undefined, "EPIPE", "transient"],
    [undefined, "ENEVERSEEN", "transient"],
    [undefined, "ENOTFOUND", "configuration"],
    [undefined, "CERT_HAS_EXPIRED", "configuration"],
    [undefined, "DEPTH_ZERO_SELF_SIGNED_CERT", "configuration"],
    [undefined, "ERR_TLS_CERT_ALTNAME_INVALID", "configuration"],
    [200, undefined, "transient"],
    [302, undefined, "transient"],
    [400, undefined, "rejected"],
    [400, "InvalidMetadata", "rejected"],
    [400, "Md5Mismatch", "transient"],
    [400, "InvalidHeaderValue", "configuration"],
    [400, "AccountRequiresHttps", "configuration"],
    [401, undefined, "configuration"],
    [403, undefined, "configuration"],
    [403, "AuthenticationFailed", "configuration"],
    [403, "AuthorizationPermissionMismatch", "configuration"],
    [403, "UnauthorizedBlobOverwrite", "verify"],
    [404, undefined, "configuration"],
    [404, "ContainerNotFound", "configuration"],
    [404, "BlobNotFound", "missing"],
    [408, undefined, "transient"],
    [409, "BlobAlreadyExists", "verify"],
    [409, "LeaseIdMissing", "configuration"],
    [409, "BlobImmutableDueToPolicy", "configuration"],
    [409, "SnapshotsPresent", "configuration"],
    [409, "ContainerBeingDeleted", "configuration"],
    [409, "AccountBeingCreated", "transient"],
    [412, undefined, "verify"],
    [412, "ConditionNotMet", "verify"],
    [413, undefined, "rejected"],
    [416, undefined, "rejected"],
    [418, undefined, "transient"],
    [429, undefined, "transient"],
    [500, undefined, "transient"],
    [500, "OperationTimedOut", "transient"],
    // A gateway may say anything: a server's failure is never a verdict on the object.
    [500, "BlobAlreadyExists", "transient"],
    [502, undefined, "transient"],
    [503, "ServerBusy", "transient"],
    [504, undefined, "transient"],
    [599, "Whatever", "transient"],
  ])("%s %s is %s", (statusCode, code, expected) => {
    expect(kind({ statusCode, code })).toBe(expected);
  });

  test("a refusal is the clock's fault from five minutes on, either way, and only a refusal", () => {
    const date = (ms: number) => new Date(now + ms).toUTCString();
    for (const statusCode of [401, 403]) {
      expect(kind({ statusCode, date: date(6 * 60_000) })).toBe("clock");
      expect(kind({ statusCode, date: date(-6 * 60_000) })).toBe("clock");
      expect(kind({ statusCode, date: date(4 * 60_000) })).toBe("configuration");
      expect(kind({ statusCode, date: "nonsense" })).toBe("configuration");
    }
    expect(kind({ statusCode: 503, date: date(86_400_000) })).toBe("transient");
    expect(kind({ statusCode: 409, code: "BlobAlreadyExists", date: date(86_400_000) })).toBe("verify");
  });

  test("says what to do about a missing container", () => {
    expect(classifyAzureAnswer({ statusCode: 404, code: "ContainerNotFound" }, now).hint).toContain(
      "create it",
    );
  });

  test("is not confused by codes that are names of every object", () => {
    for (const code of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(kind({ statusCode: 400, code })).toBe("rejected");
      expect(kind({ code })).toBe("transient");
    }
  });
});

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ["", undefined],
  ["0", 0],
  ["7", 7_000],
  [" 120 ", 120_000],
  ["-1", undefined],
  ["1.5", undefined],
  ["soon", undefined],
  ["99999999999", undefined],
  ["Sun, 22 Nov 2026 05:00:30 GMT", 30_000],
  ["Sunday, 22-Nov-26 05:00:30 GMT", undefined],
  ["Sun, 22 Nov 2026 04:00:00 GMT", 0],
  ["2026", 2_026_000],
])("Retry-After %j is %s ms", (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});
