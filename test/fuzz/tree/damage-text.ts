import { anyWays, type Damaged, join, type Way } from "../damage.ts";
import { oneOf, type Random } from "../random.ts";

/** Damages a file of text: the ways that need no footer, and such as hurt JSON. */
export function damageText(whole: Uint8Array, others: readonly Uint8Array[], random: Random): Damaged {
  let bytes = whole;
  const hows: string[] = [];
  for (let left = oneOf(random, [1, 1, 1, 2, 3]); left > 0; left--) {
    const way = oneOf(random, textWays);
    bytes = bytes.length < 4 ? bytes : (way(bytes, others, random) ?? bytes);
    hows.push(way.name);
  }
  return { how: hows.join(", "), bytes };
}

/** What JSON, and those who read it, stumble over. */
const scraps = [
  "null",
  "{}",
  "[]",
  "1e999",
  "-",
  '"',
  "\\",
  "\n",
  "\r",
  "\0",
  "\u202e",
  "9".repeat(400),
  '"__proto__":1,',
];

const scrap: Way = (bytes, _, random) => {
  const at = random(bytes.length);
  const cut = Math.min(bytes.length, at + random(oneOf(random, [1, 2, 12, 80])));
  return join(bytes.subarray(0, at), Buffer.from(oneOf(random, scraps)), bytes.subarray(cut));
};
const nest: Way = (bytes, _, random) => {
  const at = random(bytes.length);
  const sign = oneOf(random, ["[", '{"a":']);
  return join(bytes.subarray(0, at), Buffer.from(sign.repeat(100_000)), bytes.subarray(at));
};
/** Another value, with its type or without. */
const value: Way = (bytes, _, random) => {
  const text = Buffer.from(bytes).toString("latin1");
  const places = [...text.matchAll(/:("[^"]*"|[\d.eE+-]+|true|false|null)/g)];
  if (places.length === 0) return undefined;
  const { index, 0: old } = oneOf(random, places);
  const other = oneOf(random, [
    '"x"',
    "-1",
    "0.5",
    "1e308",
    "9007199254740993",
    "null",
    "[1]",
    "true",
    '"2024-13-45"',
  ]);
  return new Uint8Array(
    Buffer.from(`${text.slice(0, index)}:${other}${text.slice(index + old.length)}`, "latin1"),
  );
};

const textWays: readonly Way[] = [...anyWays, ...[scrap, scrap, nest, value, value, value]];
