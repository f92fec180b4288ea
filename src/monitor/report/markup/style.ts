import { Markup } from "./markup.ts";

/*
 * The page's look: system fonts, figures that stand below each other, one accent for what is production's,
 * and one colour for what is wrong, which always has a mark of its own shape as well. Texts have a contrast
 * of at least 4.5 to 1 in both schemes.
 */

const colours = `
:root{--ink:#18212c;--soft:#566272;--line:#dfe4ea;--paper:#fff;--wash:#f5f7f9;--accent:#1f6fb2;--fill:#1f6fb24d;--bad:#b42318;--badwash:#fdf1ef;--good:#1f6b45}
@media (prefers-color-scheme:dark){:root{--ink:#e3e8ee;--soft:#9aa7b6;--line:#2b343f;--paper:#11161c;--wash:#181f27;--accent:#6db3f2;--fill:#6db3f24d;--bad:#ff9383;--badwash:#2a1a19;--good:#78c79b}}
@media print{:root{--ink:#000;--soft:#444;--line:#ccc;--paper:#fff;--wash:#fff;--accent:#1f6fb2;--fill:#1f6fb24d;--bad:#b42318;--badwash:#fff;--good:#1f6b45}}`;

const texts = `
*{box-sizing:border-box}
html{color-scheme:light dark;background:var(--paper)}
body{margin:0 auto;padding:1.5rem 1.5rem 4rem;max-width:76rem;color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1{margin:.1em 0 .6em;font-size:2.1rem;line-height:1.15;letter-spacing:-.02em;font-weight:650}
h2{margin:0 0 .2em;font-size:1.3rem;letter-spacing:-.01em}
h3{margin:1.4em 0 .5em;font-size:1rem}
h4{margin:1.4em 0 .4em;font-size:.9rem}
small,.note,.lead,caption,.x,h3 small{color:var(--soft);font-weight:400;font-size:.85em}
.lead{max-width:60em;margin:.2em 0 1em;font-size:.9em}
p{margin:.5em 0}
a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}a:hover{text-decoration-color:currentcolor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
section{margin-top:2.6rem;padding-top:1.4rem;border-top:1px solid var(--line)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
.kind{margin:0;color:var(--soft);font-size:.8rem;letter-spacing:.08em;text-transform:uppercase}
.mark{font-weight:600;white-space:nowrap}
.mark::before,details summary>b::before{display:inline-block;width:1.25em;font-weight:400}
.bad.mark::before,details.bad summary>b::before{content:"▲"/""}
.good.mark::before,details.good summary>b::before{content:"✓"/""}
.unknown.mark::before,details.unknown summary>b::before{content:"○"/""}
.mark.bad,.bad summary>b{color:var(--bad)}
.mark.good,.good summary>b{color:var(--good);font-weight:500}
.mark.unknown,.unknown summary>b{color:var(--soft);font-weight:500}`;

const top = `
.top{border-left:6px solid var(--soft);padding:.2rem 0 .2rem 1.4rem}
.top.bad{border-color:var(--bad)}
.top.good{border-color:var(--good)}
.top.bad h1{color:var(--bad)}
.signals{list-style:none;margin:0 0 1.4rem;padding:0;display:grid;gap:.45rem}
.signals li{display:grid;grid-template-columns:10rem 1fr;gap:.2rem 1rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.5rem 1.6rem;margin:0;font-size:.85rem}
.facts div{display:grid;grid-template-columns:5.2rem 1fr;gap:.4rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0}
.scroll{overflow-x:auto}
.w{white-space:nowrap}
table{border-collapse:collapse;font-size:.9rem;min-width:min(100%,36rem)}
caption{text-align:left;padding:0 0 .4em}
th,td{padding:.32rem 1.1rem .32rem 0;text-align:left;font-weight:400;border-bottom:1px solid var(--line);vertical-align:baseline}
thead th{color:var(--soft);font-size:.85em;white-space:nowrap}
td,th{overflow-wrap:break-word}.r{text-align:right;white-space:nowrap}.r small{white-space:normal}
.matrix td.r,.matrix th{padding:.45rem .8rem;min-width:6.5rem}
.matrix td.r{background:color-mix(in srgb,var(--accent) calc(var(--s)*.45),transparent)}
.matrix small{color:inherit}.matrix .hit{outline:1px solid var(--accent);outline-offset:-2px}
.matrix thead td{border:0}
.reasons{margin:.6em 0;padding-left:1.2em;font-size:.9rem}`;

const features = `
.heads,.features summary{display:grid;grid-template-columns:minmax(8rem,1.4fr) 6.5rem 6.5rem minmax(8rem,.9fr) 9rem;gap:0 1.4rem;align-items:center}
.heads{margin:0;padding:.2rem .6rem .3rem 1.5rem;color:var(--soft);font-size:.8rem;border-bottom:1px solid var(--line)}
.features{list-style:none;margin:0;padding:0}
.features>li{border-bottom:1px solid var(--line)}
.many>li{content-visibility:auto;contain-intrinsic-size:auto 2.8rem}
.features summary{position:relative;padding:.35rem .6rem .35rem 1.5rem;min-height:2.7rem;cursor:pointer;list-style:none}
.features summary::-webkit-details-marker{display:none}
.features summary::before{content:"›";position:absolute;left:.45rem;top:.45rem;color:var(--soft)}
.features [open] summary::before{transform:rotate(90deg)}
.features summary:hover,.features [open]{background:var(--wash)}
summary bdi{font-weight:550;grid-area:1/1}
summary span{grid-area:1/4}
summary b{grid-area:1/5;font-size:.9rem}
summary svg{width:6.5rem;height:2.1rem}
summary .h{grid-area:1/2}
summary .t{grid-area:1/3}
summary text{display:none}
[open] summary svg{grid-row:2;width:100%;max-width:22rem;height:auto;margin:.9rem 0 1.2rem}
[open] summary .h{grid-column:1/3}
[open] summary .t{grid-column:3/6}
[open] summary text{display:block;font-size:5.5px}
i{font-style:normal;color:var(--soft);font-size:.85em}
.features details>div{display:flex;flex-wrap:wrap;gap:.6rem 2.2rem;padding:0 .6rem 1rem 1.5rem;font-size:.88rem}
.features ul{margin:0;padding:0;list-style:none;flex:1 1 18rem}
figure{margin:0;flex:0 1 22rem;min-width:14rem}
figure svg{width:100%}
.l{flex:0 1 26rem;min-width:16rem;width:100%;height:auto;font-size:12px}
.a,text+text{text-anchor:end}.l .a+text{text-anchor:start}
.x{display:flex;justify-content:space-between;margin:.1rem 0 0;border-top:1px solid var(--soft);padding-top:.1rem}
.charts{display:flex;flex-wrap:wrap;gap:1rem 2.2rem;margin:0 0 1.2rem}
figcaption{font-size:.9rem;font-weight:550}
svg{display:block;overflow:visible}
text{fill:var(--soft)}.l text{fill:var(--ink)}
path{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.p{stroke:var(--ink)}
.q{fill:var(--fill);stroke:var(--accent);stroke-width:1}
path.t{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}
.n{stroke:var(--accent)}
.s{stroke-linecap:square;stroke-width:6;stroke:var(--bad)}
.e{fill:var(--paper);stroke:var(--accent)}
.key{white-space:nowrap;margin-left:.7em}
.key svg{display:inline-block;width:24px;height:12px}`;

const media = `
@media screen and (max-width:52rem){body{padding:1rem}h1{font-size:1.6rem}.top{padding-left:.9rem}.signals li{grid-template-columns:1fr}.heads{display:none}
.features summary{grid-template-columns:1fr 1fr;gap:.2rem 1rem}summary bdi{grid-area:1/1}summary b{grid-area:1/2}summary span{grid-area:2/1/2/3}
summary .h{grid-area:3/1}summary .t{grid-area:3/2}[open] summary svg{grid-row:auto}[open] summary .h,[open] summary .t{grid-column:1/3}.many>li{contain-intrinsic-size:auto 7rem}}
@media print{@page{margin:12mm}table{font-size:8pt}th,td{padding-right:.6rem}body{padding:0;font-size:10pt;max-width:none}.features>li,figure,tr{break-inside:avoid;content-visibility:visible}
.features details.bad::details-content{content-visibility:visible;display:block}.features summary::before{content:none}.scroll{overflow:visible}.skip{display:none}*{print-color-adjust:exact}}`;

/** The page's style. */
export const style: Markup = new Markup(
  `<style>${[colours, texts, top, features, media].join("").replaceAll("\n", "")}</style>`,
);
