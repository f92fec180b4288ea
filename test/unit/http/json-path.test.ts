import { expect, test } from "vitest";
import { bodyRedactions, bodyRules } from "../../../src/http/body/redaction/redaction-options.ts";

function masked(path: string, text: string): string | undefined {
  const rules = bodyRules({ request: [path] }, "redact");
  return bodyRedactions(rules, { request: {}, response: {} }).request?.redact(text);
}

test.each([
  ["$.user.email", '{"user":{"email":"a@b","id":1}}', '{"user":{"email":"***","id":1}}'],
  ["user.email", '{"user":{"email":"a@b","id":1}}', '{"user":{"email":"***","id":1}}'],
  ["$['user']['e.mail']", '{"user":{"e.mail":"a@b"}}', '{"user":{"e.mail":"***"}}'],
  [String.raw`$['it\'s "so"']`, String.raw`{"it's \"so\"":1}`, String.raw`{"it's \"so\"":"***"}`],
  [String.raw`$["\u00e9\n"]`, String.raw`{"é\n":1}`, String.raw`{"é\n":"***"}`],
  ["$.é", String.raw`{"\u00e9":1}`, String.raw`{"\u00e9":"***"}`],
  ["$.x-api-key", '{"x-api-key":1}', '{"x-api-key":"***"}'],
  ["$[1]", "[1,2,3]", '[1,"***",3]'],
  ["[0].a", '[{"a":1},{"a":1}]', '[{"a":"***"},{"a":1}]'],
  ["$[0,2]", "[1,2,3]", '["***",2,"***"]'],
  ["$[ 'a' , 'b' ]", '{"a":1,"b":2,"c":3}', '{"a":"***","b":"***","c":3}'],
  [
    "items[*].price",
    '{"items":[{"price":1.0},{"price":2,"n":1}]}',
    '{"items":[{"price":"***"},{"price":"***","n":1}]}',
  ],
  ["$.a.*", '{"a":{"b":[1],"c":2}}', '{"a":{"b":"***","c":"***"}}'],
  ["$..email", '{"email":1,"a":[{"email":{"email":2}}]}', '{"email":"***","a":[{"email":"***"}]}'],
  ["$..['a','b']", '{"x":{"a":1,"b":2}}', '{"x":{"a":"***","b":"***"}}'],
  ["$..[0]", "[[1,2],[3]]", '["***",["***"]]'],
  ["$..a..b", '{"a":{"a":{"b":1},"b":2},"b":3}', '{"a":{"a":{"b":"***"},"b":"***"},"b":3}'],
  ["$", ' {"a":1} ', ' "***" '],
  ["$.0", "", undefined],
  // Names are compared exactly, numbers are no names, and a null tells nothing.
  ["$.a", '{"A":1}', '{"A":1}'],
  ["$['0']", "[1]", "[1]"],
  ["$[0]", '{"0":1}', '{"0":1}'],
  ["$.a", '{"a":null}', '{"a":null}'],
  ["$.__proto__", '{"__proto__":1,"__proto__":{"a":2}}', '{"__proto__":"***","__proto__":"***"}'],
])("%s of %s", (path, text, expected) => {
  if (expected === undefined) expect(() => masked(path, text)).toThrow(RangeError);
  else expect(masked(path, text)).toBe(expected);
});

test("the rest of the text stays as it came", () => {
  const text =
    '\ufeff{ "a" : 1.0 ,\t"b":12345678901234567890,"\\u0063": [ "\\ud800", 1e400 ] , "d":"x" }\r\n';
  expect(masked("$.d", text)).toBe(text.replace('"x"', '"***"'));
});

test.each([
  ["", "character 1: expected a name (in quotes: ['…']) or *, got the end of the path"],
  ["$.", "character 3: expected a name"],
  ["$.a[", "character 5: expected a name in quotes, the number of an element or *, got the end of the path"],
  ["$.a[?@.b]", 'character 5: expected a name in quotes, the number of an element or *, got "?"'],
  ["$[-1]", 'character 3: expected a name in quotes, the number of an element or *, got "-"'],
  ["$[0:2]", 'character 4: expected "," or "]", got ":"'],
  ["$.a b", 'character 4: expected ".", ".." or "[", got " "'],
  [String.raw`$['\x']`, "character 3: expected a name in quotes"],
  ["$[01]", 'character 4: expected "," or "]", got "1"'],
  ["a..", "character 4: expected a name"],
  [`$${".a".repeat(65)}`, "expected at most 64 steps"],
])("%s is no path, and the message says where", (path, message) => {
  const parse = (): unknown => bodyRules({ response: ["$.ok", path] }, "f option redact");
  expect(parse).toThrow(RangeError);
  expect(parse).toThrow(`f option redact.response[1], character`);
  expect(parse).toThrow(message);
});

test.each([
  [{ request: "$.a" }, "redact.request: expected a list of JSON paths, or an object of rules by path"],
  [{ request: [1] }, "redact.request[0]: expected a JSON path, got"],
  [{ request: { "$.a": "hide" } }, 'redact.request, path "$.a": expected "drop", "mask"'],
  [{ request: { "$.a": () => 1 } }, 'redact.request, path "$.a": expected "drop", "mask"'],
  [
    { request: { "$.a": { hmacKey: "" } } },
    'redact.request, path "$.a".hmacKey: expected a key that is not empty',
  ],
  [{ requests: [] }, 'did you mean "request"?'],
  [["$.a"], "redact: expected a plain object"],
])("%j is refused", (value, message) => {
  expect(() => bodyRules(value, "redact")).toThrow(message);
});

test("a message does not show a secret that came where a rule belongs", () => {
  const parse = (): unknown => bodyRules({ request: { "$.a": "hunter2-secret" } }, "redact");
  expect(parse).not.toThrow("hunter2");
  expect(parse).toThrow(RangeError);
});
