import { number } from "./format.ts";
import { lineChart } from "./line-chart.ts";
import { type MakeSection, picture } from "./section.ts";

/** Does anything grow? */
export const growthSection: MakeSection = ({ results }) => {
  const named = (name: string) => results.find((result) => result.name === name);
  const drawn = ["RSS", "JavaScript heap", "spool on disk"].flatMap((name) => {
    const points = named(name)?.points;
    return points === undefined ? [] : [{ label: name, points, own: name === "RSS" }];
  });
  const [rss, heap, spool, delivered] = [
    "RSS: slope",
    "JavaScript heap: slope",
    "spool on disk",
    "delivered",
  ].map(named);
  const seconds = Math.round(drawn[0]?.points.at(-1)?.[0] ?? 0);
  return {
    title: "Does anything grow?",
    headline: undefined,
    body: [
      `Frames of ${delivered?.facets?.["rows"]} × ${delivered?.facets?.["columns"]} as fast as they are taken, for ${seconds} seconds${delivered === undefined ? "" : `, ${number(delivered.median)} rows a second`}.`,
      picture("growth", "Memory and spool over time"),
      rss === undefined || heap === undefined || spool === undefined
        ? ""
        : `A straight line through the second half rises by ${number(rss.median)} MB a minute for the resident set and by ${number(heap.median)} MB a minute for the JavaScript heap; the spool held ${number(spool.median)} MB (median), at most ${number(spool.max)} MB. So short a run cannot tell a slow leak from an allocator that still settles.`,
    ].join("\n\n"),
    pictures: new Map([
      [
        "growth",
        lineChart("Saturated run: memory and spool", { x: "seconds", y: "MB", logarithmic: false }, drawn),
      ],
    ]),
    losses: [],
  };
};
