"""The look of the page: system fonts, two themes, one column on a phone."""

from yolozu.report.markup import Markup

STYLE = Markup("""\
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2024;--soft:#60646c;--rule:#e4e6ea;--wash:#f6f7f9;--accent:#2a6fdb;
--good:#18794e;--bad:#c4322b;
--c1:#2a6fdb;--c2:#d9730d;--c3:#1a936f;--c4:#a144af;--c5:#c4322b;--c6:#7a6a2f;--c7:#0f8ea3;--c8:#6b7280}
@media (prefers-color-scheme:dark){:root{--paper:#111418;--ink:#e8eaed;--soft:#9aa3ad;--rule:#2a3037;--wash:#191d23;
--accent:#78a9ff;--good:#4cc38a;--bad:#ff8078;
--c1:#78a9ff;--c2:#ffa057;--c3:#4cc38a;--c4:#d19dff;--c5:#ff8078;--c6:#d8c37a;--c7:#5bc8dc;--c8:#9aa3ad}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
.skip{position:absolute;left:-999px}.skip:focus{left:16px;top:8px}
.page{max-width:1180px;margin:0 auto;padding:0 24px;display:grid;grid-template-columns:190px minmax(0,1fr);gap:0 56px}
header{grid-column:1/-1;padding:56px 0 28px}
header p{margin:6px 0 0;color:var(--soft)}
.eyebrow{font-size:13px;letter-spacing:.02em}
h1{font-size:32px;line-height:1.2;letter-spacing:-.015em;font-weight:650;margin:0;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;letter-spacing:-.01em;font-weight:620;margin:0 0 6px}
h3{font-size:15px;font-weight:600;margin:30px 0 8px}
p{margin:0 0 14px;max-width:68ch}p,li,dt,dd,figcaption,summary{overflow-wrap:break-word}
.note{color:var(--soft);font-size:14.5px}
nav{position:sticky;top:28px;align-self:start;font-size:14.5px}
nav ol{list-style:none;margin:0;padding:0}
nav a{display:block;padding:4px 0;color:var(--soft)}nav a:hover{color:var(--ink)}
main{min-width:0}
section{padding:0 0 52px;scroll-margin-top:24px}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:26px 24px;margin:8px 0 22px}
.numbers div{min-width:0}
.numbers dt{color:var(--soft);font-size:14px}
.numbers dd{margin:0;font-size:27px;line-height:1.3;white-space:nowrap;font-weight:600;letter-spacing:-.02em;
font-variant-numeric:tabular-nums}
.numbers dd small{display:block;white-space:normal;font-size:13px;line-height:1.4;font-weight:400;
letter-spacing:0;color:var(--soft)}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,360px),1fr));gap:28px 40px}
.grid2+.note,.grid2+.scroll{margin-top:18px}
figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:15px;margin-bottom:6px}
.chart{display:block;width:100%;height:auto;max-width:480px;overflow:visible}
.chart text{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.chart .axis-name,.chart .tick-x{text-anchor:middle}.chart .tick-y{text-anchor:end}
.chart .value{fill:var(--ink)}
.chart .zero{stroke:var(--soft);stroke-width:1}
.chart .grid{stroke:var(--rule);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.dashed{stroke-dasharray:3 5;stroke-width:1.5}
.hover{fill:transparent}.hover:hover{fill:var(--soft);fill-opacity:.45}
.bar{fill:var(--c1)}
.s0{stroke:var(--ink);--k:var(--ink)}.line.s0{stroke-width:2.5}
.s1{stroke:var(--c1);--k:var(--c1)}.s2{stroke:var(--c2);--k:var(--c2)}.s3{stroke:var(--c3);--k:var(--c3)}
.s4{stroke:var(--c4);--k:var(--c4)}.s5{stroke:var(--c5);--k:var(--c5)}.s6{stroke:var(--c6);--k:var(--c6)}
.s7{stroke:var(--c7);--k:var(--c7)}.s8{stroke:var(--c8);--k:var(--c8)}
.dot{fill:var(--paper);stroke-width:2}.full{fill:var(--k)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:6px 0 0;padding:0;font-size:13.5px;
color:var(--soft)}
.key{display:inline-block;width:14px;height:3px;border-radius:2px;background:var(--k);vertical-align:middle;
margin-right:7px}
.scroll{overflow-x:auto;margin:0 0 14px}
table{border-collapse:collapse;width:100%;font-size:14.5px;line-height:1.4}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-weight:500;font-size:13.5px;white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500;min-width:7em}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.wide{overflow-wrap:anywhere}
code{font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.chip{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:9px}
details{margin:8px 0 14px}summary{cursor:pointer;color:var(--accent);font-size:14.5px}
details[open] summary{margin-bottom:10px}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:26px 24px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:4px}
.pair img{display:block;width:100%;height:auto;border-radius:4px;background:var(--wash)}
.pictures figcaption{font-weight:400;font-size:13.5px;color:var(--soft);margin:7px 0 0;overflow-wrap:anywhere}
.pictures figcaption b{color:var(--ink);font-weight:600}
.pictures.small{grid-template-columns:repeat(auto-fill,minmax(min(46%,170px),1fr));gap:22px 18px}
.pictures.small img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain;border-radius:4px;
background:var(--wash)}
.matrix{width:auto}.matrix th,.matrix td{padding:5px 9px;border:0}.matrix thead th{font-size:13px}
.matrix td{min-width:44px;border-radius:3px}.matrix .none{color:var(--rule)}
.matrix tbody th{min-width:0;white-space:nowrap;padding-left:0}
.warn{border-left:3px solid var(--c2);padding:2px 0 2px 14px;margin:0 0 16px;font-size:14.5px}
.good{color:var(--good)}.bad{color:var(--bad)}
footer{grid-column:1/-1;border-top:1px solid var(--rule);color:var(--soft);font-size:13.5px;padding:18px 0 48px}
@media (max-width:860px){.page{grid-template-columns:minmax(0,1fr);padding:0 20px}header{padding:36px 0 20px}
nav{position:static;margin-bottom:36px}nav ol{display:flex;flex-wrap:wrap;gap:2px 18px}h1{font-size:26px}
section{padding-bottom:42px}.numbers{grid-template-columns:repeat(auto-fit,minmax(130px,1fr))}
.numbers dd{font-size:25px}}
@media print{:root{--paper:#fff;--ink:#000}nav,.skip{display:none}.page{display:block;max-width:none;padding:0}
section{padding-bottom:26px}figure,tr,.warn{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}}
""")
