import { oneOf, type Random, randomFrom } from "./random.ts";

/** Never in a message. */
export const secret = "TopSecretSignature";

const azures = `endpoint_name: flights
name: blue
model: azureml:late-arrival:3
instance_type: Standard_F2s_v2
environment_variables: { LEVEL: "1" }
x: &on { enabled: 'True' }
data_collector:
  sampling_rate: 0.5
  rolling_rate: Hour
  collections:
    model_inputs: *on
    model_outputs: { <<: *on, client_id: '00-11' }
  request_logging: { capture_headers: [x-tenant] }
`;

const rest = `{"id": "/subscriptions/s/x/onlineEndpoints/flights/deployments/blue", "properties": {
  "model": "azureml:late-arrival:3",
  "dataCollector": {"rollingRate": "Hour", "collections": {
    "model_inputs": {"dataCollectionMode": "Enabled", "samplingRate": 0.5, "clientId": "00-11"},
    "model_outputs": null}}}}
`;

const ours = `# ours
destination: https://a.blob.core.windows.net/inputs?sv=2024&sig=${secret}
enabled: 'true'
collections:
  model_outputs: { sampling_rate: 1, redact: { email: drop } }
limits:
  max_frame_rows: 5_000
keep:
  - { column: price, above: 10 }
rotation: { max_age_ms: 10000 }
`;

/** What Azure's file and ours say, before anything happens to them. */
export const sound: Readonly<Record<"yaml" | "json", readonly [azures: string, ours: string]>> = {
  yaml: [azures, ours],
  json: [rest, ours],
};

const scraps = [
  ...["", " ", "\n", "\t", "  ", ":", ": ", "- ", "? ", "#", "|", ">", "%", "@", "`", "!", "!!int ", "!x "],
  ...["{", "}", "[", "]", ",", "'", '"', "&a ", "*a", "*on", "<<: ", "---\n", "...\n", "null", "~", "true"],
  ...[
    ".inf",
    "-1",
    "1e999",
    "0x",
    "0o7",
    "__proto__: ",
    "constructor: ",
    "\0",
    "\ufeff",
    "\u2028",
    "\ud800",
    "日本",
  ],
];

/** One of the pairs with a few damages, the same for a seed. */
export function damagedTexts(seed: number): readonly [azures: string, ours: string] {
  const random = randomFrom(seed);
  const pair = sound[oneOf(random, ["yaml", "json"] as const)];
  const at = random(2);
  let text = pair[at] ?? "";
  for (let left = 1 + random(4); left > 0; left--) text = damaged(text, random);
  return at === 0 ? [text, pair[1]] : [pair[0], text];
}

function damaged(text: string, random: Random): string {
  const from = random(text.length + 1);
  const to = Math.min(text.length, from + random(12));
  const lines = text.split("\n");
  const line = random(lines.length);
  switch (random(7)) {
    case 0:
      return text.slice(0, from) + text.slice(to);
    case 1:
      return text.slice(0, from) + oneOf(random, scraps) + text.slice(from);
    case 2:
      return text.slice(0, from) + oneOf(random, scraps) + text.slice(to);
    case 3:
      return text.slice(0, from) + text.slice(from, to).repeat(1 + random(40)) + text.slice(to);
    case 4:
      return lines.toSpliced(line, 1).join("\n");
    case 5:
      return lines.toSpliced(random(lines.length), 0, lines[line] ?? "").join("\n");
    default:
      return lines.with(line, " ".repeat(random(6)) + (lines[line] ?? "").trimStart()).join("\n");
  }
}
