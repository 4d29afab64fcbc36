// How the pages of decision links look. It stands inside of the page, and the policy lets in this text alone, by its hash.
import { createHash } from "node:crypto";

export const STYLE = `
:root { color-scheme: light dark; --line: #d5dae0; --quiet: #4b5259; --soft: #eef1f4; --accent: #17579c; --danger: #b02525; --warn: #7d3a05; --warn-ground: #fff4e5; --hidden: #8a1414; --hidden-ground: #ffe3e3; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3d434b; --quiet: #b3bac2; --soft: #2a2e33; --accent: #1b64b3; --danger: #b83232; --warn: #ffc58a; --warn-ground: #3a2a16; --hidden: #ffc2c2; --hidden-ground: #4d1d1d; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
dl { margin: 0; } dl > div { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .4rem 0; border-top: 1px solid var(--line); }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; }
main > dl, dd dl { border-bottom: 1px solid var(--line); }
.values dt { font-family: ui-monospace, monospace; }
@media (max-width: 36rem) { dl > div { grid-template-columns: 1fr; gap: 0; } }
.text, code { font-family: ui-monospace, monospace; font-size: .95em; }
.text { white-space: pre-wrap; background: var(--soft); padding: .3rem .5rem; border-radius: .3rem; }
.quiet { color: var(--quiet); }
.warnings { color: var(--warn); background: var(--warn-ground); padding: .5rem .5rem .5rem 1.6rem; border-radius: .3rem; }
mark { color: var(--hidden); background: var(--hidden-ground); border-radius: .2rem; padding: 0 .2em; font-family: ui-monospace, monospace; }
form { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
label { display: block; font-weight: 600; margin: .6rem 0 .2rem; }
input, textarea { font: inherit; width: 100%; padding: .5rem; border: 1px solid var(--quiet); border-radius: .3rem; }
button { font: inherit; font-weight: 600; margin-top: .8rem; padding: .55rem 1.2rem; border: 0; border-radius: .3rem; color: var(--on); background: var(--accent); cursor: pointer; }
button.danger { background: var(--danger); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

export const STYLE_HASH = `'sha256-${createHash("sha256").update(STYLE, "utf8").digest("base64")}'`;
