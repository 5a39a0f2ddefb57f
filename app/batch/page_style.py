"""How the page of a batch looks, on a light and on a dark ground."""

STYLE = """
:root { --ground: #f4f5f7; --card: #ffffff; --text: #1d2026; --dim: #5c626d; --edge: #d9dce2; --accent: #2569a5;
  --bad: #b3362b; --good: #1d7a52; }
@media (prefers-color-scheme: dark) { :root { --ground: #1c1e23; --card: #272a31; --text: #e6e8ec; --dim: #a3a8b3;
  --edge: #3a3e47; --accent: #6db3e8; --bad: #ff8f80; --good: #63cf9f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 15px; margin: 0 0 12px; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
a { color: var(--accent); text-decoration: none; overflow-wrap: anywhere; }
a:hover { text-decoration: underline; }
code { font: 13px ui-monospace, "Cascadia Mono", Menlo, monospace; }
.over { color: var(--dim); margin-bottom: 4px; }
.dim, figcaption, footer { color: var(--dim); font-size: 13px; }
.settings { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 0 0 12px;
  color: var(--dim); }
.settings code { color: var(--text); }
.chip { display: inline-block; padding: 3px 12px; margin: 4px 8px 4px 0; border: 1px solid var(--edge);
  border-radius: 99px; background: var(--card); }
.chip.done b { color: var(--good); }
.chip.failed b, .fault { color: var(--bad); }
.trade-off, .table { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 20px;
  margin: 24px 0; }
.trade-off { display: flex; flex-wrap: wrap; gap: 24px; align-items: center; }
.trade-off .plot { flex: 1 1 480px; min-width: 0; max-width: 860px; }
.trade-off figure { flex: 0 1 220px; }
figure { margin: 0; }
figcaption { margin-top: 6px; line-height: 1.35; }
img { display: block; width: 100%; border-radius: 6px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--card-width), 1fr));
  gap: 16px; margin: 24px 0; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 16px; }
.card:target { outline: 2px solid var(--accent); }
.card.bad { border-color: var(--bad); }
.card.idle { opacity: 0.65; }
.pictures { display: flex; gap: 12px; margin-bottom: 12px; }
.pictures figure { flex: 1 1 0; min-width: 0; }
details { color: var(--dim); font-size: 13px; }
.cards figcaption { color: var(--text); font-size: 14px; }
summary { cursor: pointer; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--dim); font-weight: 500; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--edge); vertical-align: top; }
.number { font-variant-numeric: tabular-nums; }
tr.bad td { color: var(--bad); }
.plot text { fill: var(--dim); font: 12px system-ui, "Segoe UI", "Helvetica Neue", sans-serif; }
.plot .axis { fill: var(--text); text-anchor: middle; }
.plot .key { fill: var(--text); }
.plot .grid { stroke: var(--edge); fill: none; }
.plot .level { stroke: var(--dim); stroke-dasharray: 5 4; fill: none; }
.plot .means { stroke: var(--dim); stroke-width: 1.5; fill: none; opacity: 0.7; }
.plot circle { stroke: var(--card); stroke-width: 1.5; }
"""
