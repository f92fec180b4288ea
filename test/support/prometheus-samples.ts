/**
 * The samples of a text in Prometheus' format, by name and labels as they are written. Throws for what
 * Prometheus refuses: https://prometheus.io/docs/instrumenting/exposition_formats/. Its own `promtool check
 * metrics` asks, too, that every metric has its help and type first, and none comes twice.
 */
export function samplesOf(text: string): Map<string, number> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const samples = new Map<string, number>();
  const known = new Map<string, "help" | "type">();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, word, name = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) \S/.exec(line) ?? [];
    if (word === "HELP") {
      if (known.has(name)) throw new Error(`${name} comes twice`);
      known.set(name, "help");
      current = name;
    } else if (word === "TYPE") {
      if (known.get(name) !== "help" || !/ (counter|gauge)$/.test(line)) throw new Error(`type: ${line}`);
      known.set(name, "type");
    } else {
      const sample = sampleOf(line);
      if (sample.name !== current || known.get(current) !== "type") throw new Error(`out of place: ${line}`);
      if (samples.has(sample.key)) throw new Error(`twice: ${line}`);
      samples.set(sample.key, sample.value);
    }
  }
  return samples;
}

function sampleOf(line: string): { readonly name: string; readonly key: string; readonly value: number } {
  const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*"`;
  const pattern = new RegExp(`^(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{${label}(?:,${label})*\\})?) (\\S+)$`);
  const [, key, name, value] = pattern.exec(line) ?? [];
  if (key === undefined || name === undefined || Number.isNaN(Number(value)))
    throw new Error(`no sample: ${line}`);
  return { name, key, value: Number(value) };
}
