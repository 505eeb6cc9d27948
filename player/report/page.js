// The page: columns of charts with one cursor and one zoom, the box that says
// what was decided and why, and the tables below.

const all = JSON.parse(document.getElementById("data").textContent).runs.map(makeRun);
const byID = id => document.getElementById(id);

let shownRuns = all.length > 1 ? [all[0], all[1]] : [all[0]];
let limits, charts = [], columns = [];
let view = [0, 1]; // seconds
let cursor = null; // { t, from, chart }: instant, column and chart of the mouse
let pinned = false;

// el makes an element; what is no element becomes text, never markup.
function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.flat(Infinity).filter(c => c !== undefined && c !== null && c !== false));
  return e;
}

// ---- columns and charts

function build() {
  for (const u of charts) u.destroy();
  charts = [];
  limits = scales(shownRuns);
  view = [0, limits.end];
  columns = shownRuns.map((run, i) => {
    const column = el("article", { class: "run", "aria-label": run.name }, heading(run, i), tiles(run));
    column.box = el("div", { class: "box", hidden: true });
    column.append(column.box);
    return column;
  });
  byID("runs").replaceChildren(...columns);
  byID("runs").dataset.runs = shownRuns.length;
  const specs = chartSpecs.filter(spec => !spec.when || shownRuns.some(spec.when));
  for (const column of columns) column.style.gridRow = "span " + (2 + specs.length);
  const width = chartWidth();
  for (const spec of specs) {
    shownRuns.forEach((run, i) => {
      const plot = el("div", { class: "plot" });
      const figure = el("figure", { class: "chart", id: `${spec.id}-${i}` }, plot);
      columns[i].append(figure);
      const u = makeChart(spec, run, plot, width, limits, {
        zoom, hover: u => hover(u, i), lowest: spec === specs.at(-1),
      });
      u.column = i;
      u.usualHeight = u.height;
      figure.prepend(caption(spec, u));
      u.over.addEventListener("mousedown", e => u.pressed = e.clientX);
      u.over.addEventListener("click", e => {
        if (Math.abs(e.clientX - u.pressed) < 4) {
          pinned = !pinned;
          paint();
        }
      });
      charts.push(u);
    });
  }
  tables();
}

function chartWidth() {
  return Math.max(Math.floor(columns[0].getBoundingClientRect().width), 320);
}

function heading(run, i) {
  return el("div", { class: "heading" },
    el("h2", {}, shownRuns.length > 1 ? el("b", { class: "letter" }, "AB"[i]) : null, run.name),
    el("p", {}, [run.policy && "policy " + run.policy, run.url !== run.name && run.url,
      Object.entries(run.versions).map(([k, v]) => v.startsWith(k) ? v : k + " " + v).join(", ")].filter(Boolean).join(" · ")),
    run.unfinished ? el("p", { class: "note" }, "The log ends before the session does.") : null,
    run.cut ? el("p", { class: "note" }, "The session is longer than what a report holds: only its beginning is drawn.") : null);
}

function tiles(run) {
  const s = run.summary;
  const tile = (name, value, bad) => el("div", { class: bad ? "tile bad" : "tile" }, el("b", {}, value), el("span", {}, name));
  return el("div", { class: "tiles" },
    tile("mean bitrate", rateText(s.mean_bitrate_bps)),
    tile(s.stalls === 1 ? "stall" : "stalls", s.stalls ? `${s.stalls} · ${spanText(sec(s.stalled_ns))}` : "0", s.stalls > 0),
    tile("switches", `${s.switches_up}▲ ${s.switches_down}▼`),
    tile("to first picture", s.startup_ns ? spanText(sec(s.startup_ns)) : "–"),
    tile("pictures lost", lostText(s), s.pictures_dropped > 0.01 * s.pictures_decoded && s.pictures_dropped > 0),
    tile("ended", s.error ? s.error.code : s.end, s.end === "failed"));
}

function lostText(s) {
  const of = s.pictures_shown + s.pictures_dropped;
  return of > 0 ? `${s.pictures_dropped} · ${(100 * s.pictures_dropped / of).toFixed(1)} %` : "–";
}

function caption(spec, u) {
  const items = spec.legend.filter(l => !l.when || shownRuns.some(l.when)).map(l => {
    const mark = l.mark.length === 1 ? el("i", { class: "glyph" }, l.mark) : el("i", { class: "swatch " + l.mark });
    mark.style.setProperty("--c", `var(--${l.colour})`);
    if (!l.series && !l.toggles) return el("span", { class: "key" }, mark, l.name);
    return el("button", { class: "key", "aria-pressed": "true", title: "show or hide", onclick: e => {
      const on = e.currentTarget.getAttribute("aria-pressed") !== "true";
      e.currentTarget.setAttribute("aria-pressed", String(on));
      if (l.toggles) u.hidden[l.toggles] = !on;
      for (const i of l.series || []) u.setSeries(i, { show: on });
      u.redraw();
    } }, mark, l.name);
  });
  const above = spec.id === "bitrate" && limits.rate > limits.bitrate
    ? el("span", { class: "key faint" }, `▲ above the scale, up to ${rateText(limits.rate)}`) : null;
  return el("figcaption", {}, el("h3", {}, spec.title, spec.unit ? el("small", {}, spec.unit) : null), items, above);
}

// ---- one zoom for all charts

function zoom(from, to) {
  const least = Math.min(limits.end, 0.2);
  if (to - from < least) [from, to] = [(from + to - least) / 2, (from + to + least) / 2];
  if (from < 0) [from, to] = [0, to - from];
  if (to > limits.end) [from, to] = [from - (to - limits.end), limits.end];
  view = [Math.max(from, 0), to];
  for (const u of charts) u.setScale("x", { min: view[0], max: view[1] });
  if (cursor) point(cursor.t);
}

function zoomBy(factor) {
  const middle = cursor ? Math.min(Math.max(cursor.t, view[0]), view[1]) : (view[0] + view[1]) / 2;
  zoom(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
}

function move(share) {
  const by = (view[1] - view[0]) * share;
  zoom(view[0] + by, view[1] + by);
}

// ---- one cursor for all charts

let asked = false;

function hover(u, column) {
  if (pinned || u.quiet) return;
  if (u.cursor.left < 0) {
    if (u.cursor.event) { cursor = null; later(); }
    return;
  }
  if (!u.cursor.event) return; // synchronised from another chart
  cursor = { t: u.posToVal(u.cursor.left, "x"), from: column, chart: u.spec.id };
  later();
}

function later() {
  if (!asked) requestAnimationFrame(() => { asked = false; paint(); });
  asked = true;
}

// point puts the cursor of all charts at an instant.
function point(t) {
  cursor = { from: 0, chart: "bitrate", ...cursor, t };
  for (const u of charts) {
    u.quiet = true;
    const left = u.valToPos(t, "x");
    u.setCursor({ left: left >= 0 && left <= u.over.clientWidth ? left : -10, top: 10 }, false, false);
    u.quiet = false;
  }
  paint();
}

// step goes to the video decision before (-1) or after (1) the cursor.
function step(by) {
  const list = shownRuns[cursor?.from || 0].video;
  if (!list.length) return;
  const t = cursor ? cursor.t : by > 0 ? view[0] - 1 : view[1];
  const i = by > 0 ? last(list, t + 1e-6) + 1 : last(list, t - 1e-6);
  const d = list[Math.min(Math.max(i, 0), list.length - 1)];
  if (d.at < view[0] || d.at > view[1]) {
    const half = (view[1] - view[0]) / 2;
    zoom(d.at - half, d.at + half);
  }
  point(d.at);
  byID("live").textContent = `${clockText(d.at, 1)}: ${d.reason}, ${rateText(d.bitrate_bps)}`;
}

// paint shows the boxes at the cursor.
function paint() {
  columns.forEach((column, i) => {
    const { box } = column;
    box.hidden = !cursor;
    if (!cursor) return;
    box.classList.toggle("pinned", pinned);
    box.replaceChildren(...says(shownRuns[i], cursor.t));
    const u = charts.find(u => u.column === i);
    const x = u.over.offsetLeft + u.valToPos(cursor.t, "x");
    const room = column.clientWidth, w = box.offsetWidth;
    box.style.left = Math.min(Math.max(x + 16 + w > room ? x - w - 16 : x + 16, 0), Math.max(room - w, 0)) + "px";
    // Away from the chart that is looked at, as far as the window has room.
    const top = column.getBoundingClientRect().top;
    const other = document.getElementById((cursor.chart === "buffer" || cursor.chart === "frames" ? "bitrate-" : "buffer-") + i);
    const lowest = window.innerHeight - top - box.offsetHeight - 8;
    box.style.top = Math.max(Math.min(other.getBoundingClientRect().top - top, lowest), -top, 0) + "px";
  });
}

// ---- what the box says

function says(run, t) {
  const at = (list, f) => { const x = list[last(list, t)]; return x ? f(x) : "–"; };
  const rows = [
    ["shown", at(run.shown, l => rateText(l.bitrate_bps) + (l.height ? ` · ${l.width}×${l.height}` : ""))],
    ["downloaded", at(run.fetched, l => rateText(l.bitrate_bps))],
    ["estimate", at(run.estimates, e => estimateText(e.bps, e.error))],
    ["buffer", [["video", "video"], ["audio", "audio"]].map(([k, n]) => run.buffers[k].length ? `${n} ${bufferText(run.buffers[k], t)}` : "").filter(Boolean).join(", ") || "–"],
  ];
  const f = run.frames.find(f => f.at >= t);
  if (run.frames.some(f => f.shown > 0)) rows.push(["pictures/s", f ? `${f.shown.toFixed(1)} of ${f.encoded ? f.encoded.toFixed(1) : "–"}` + (f.lost ? `, ${f.lost.toFixed(1)} lost` : "") : "–"]);
  const near = 7 * (view[1] - view[0]) / Math.max(charts[0].over.clientWidth, 1);
  const state = run.spans.filter(s => s.begin <= t && t <= s.end).map(s => s.kind);
  const parts = [el("h4", {}, clockText(t, 1), el("small", {}, state.join(", "))), facts(rows)];
  for (const m of within(run.marks, t - near, t + near).slice(0, 4)) parts.push(el("p", { class: "mark" }, clockText(m.at, 1), " ", m.text));
  const d = nearest(run.video, t), s = nearest(run.sound, t);
  if (d) parts.push(decision(d));
  if (s && Math.abs(s.at - t) < near) parts.push(decision(s));
  return parts;
}

function facts(rows) {
  return el("dl", {}, rows.map(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]));
}

function estimateText(bps, error) {
  return bps > 0 ? `${rateText(bps)} ± ${Math.round(100 * error)} %` : "none yet";
}

function bufferText(list, t) {
  const v = line(list.slice(Math.max(last(list, t) - 1, 0), last(list, t) + 2).map(b => [b.at, b.ahead]), [t])[0];
  return v === null ? "–" : v.toFixed(1) + " s";
}

function decision(d) {
  const kind = kindOf(d);
  const what = d.abandon ? "drops " + changeText(d.from_bps, d.bitrate_bps)
    : kind === "hold" || kind === "start" ? rateText(d.bitrate_bps) : changeText(d.from_bps, d.bitrate_bps);
  const [, name] = glyphs[kind];
  const head = el("h5", {}, d.reason || "no reason", el("span", {}, what));
  head.style.setProperty("--c", `var(--${name})`);
  return el("div", { class: "decision" }, head,
    el("p", {}, reasonWords[d.reason] || ""),
    facts([
      ["decided", clockText(d.at, 2)],
      [d.track, `chunk ${d.chunk} at ${clockText(sec(d.start_ns), 1)}`],
      ["buffer", `${d.buffered.toFixed(1)} s` + (d.goal ? ` of ${d.goal.toFixed(0)} s` : "")],
      ["estimate", estimateText(d.bandwidth_bps, d.bandwidth_error)],
      ...(d.cap_bps ? [["render cap", rateText(d.cap_bps)]] : []),
    ]),
    d.candidates?.length ? scores(d) : null);
}

function scores(d) {
  const list = d.candidates.toSorted((a, b) => a.level - b.level);
  const low = Math.min(...list.map(c => c.score)), high = Math.max(...list.map(c => c.score));
  return el("table", { class: "scores" }, el("caption", {}, "candidates and scores"), list.map(c => {
    const bar = el("i", {});
    bar.style.width = (high > low ? 4 + 96 * (c.score - low) / (high - low) : 100) + "%";
    return el("tr", { class: c.level === d.level ? "chosen" : undefined },
      el("th", {}, c.bitrate_bps ? rateText(c.bitrate_bps) : "level " + c.level), el("td", {}, bar), el("td", {}, scoreText(c.score)));
  }));
}

// ---- theme, keys, size, print

const themes = ["auto", "light", "dark"];

const darkSystem = matchMedia("(prefers-color-scheme: dark)");
let wanted = "auto";

function theme(name) {
  wanted = name;
  byID("theme").textContent = "theme: " + name;
  paintAs(name !== "auto" ? name : darkSystem.matches ? "dark" : "light");
}

// paintAs draws everything in light or dark.
function paintAs(name) {
  document.documentElement.dataset.theme = name;
  repaint();
}

function repaint() {
  palette = {};
  for (const u of charts) u.redraw(false, true);
}

// resize sets the width of all charts, and their height as a share of the usual.
function resize(width, share = 1) {
  for (const u of charts) u.setSize({ width, height: Math.round(u.usualHeight * (u.spec.id === "lanes" ? Math.sqrt(share) : share)) });
}

document.addEventListener("keydown", e => {
  if (e.target.closest("select, summary, input") || e.ctrlKey || e.metaKey || e.altKey) return;
  const act = {
    ArrowLeft: () => e.shiftKey ? move(-.25) : step(-1), ArrowRight: () => e.shiftKey ? move(.25) : step(1),
    "+": () => zoomBy(.5), "=": () => zoomBy(.5), "-": () => zoomBy(2), "0": () => zoom(0, limits.end),
    Escape: () => { pinned = false; cursor = null; paint(); },
  }[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});

byID("earlier").onclick = () => step(-1);
byID("later").onclick = () => step(1);
byID("whole").onclick = () => zoom(0, limits.end);
byID("theme").onclick = () => theme(themes[(themes.indexOf(wanted) + 1) % 3]);
darkSystem.addEventListener("change", () => theme(wanted));
let resized;
addEventListener("resize", () => {
  cancelAnimationFrame(resized);
  resized = requestAnimationFrame(() => { resize(chartWidth()); paint(); });
});

addEventListener("beforeprint", () => {
  pinned = false;
  cursor = null;
  paint();
  paintAs("light");
  resize(Math.floor((1040 - 20 * (shownRuns.length - 1)) / shownRuns.length), 0.56); // of a sheet of A4, across
});
addEventListener("afterprint", () => { theme(wanted); resize(chartWidth()); });

// pickers choose the two of more runs that are shown.
function pickers() {
  if (all.length < 3) return;
  const choice = (i, none) => el("select", { "aria-label": "run " + "AB"[i], onchange: e => {
    const chosen = [...byID("pickers").querySelectorAll("select")].map(s => all[s.value]).filter(Boolean);
    shownRuns = chosen;
    build();
  } }, none ? el("option", { value: "" }, "no other") : null,
  all.map((r, k) => el("option", { value: k, selected: r === shownRuns[i] }, `${r.name}${r.policy ? " · " + r.policy : ""}`)));
  byID("pickers").append(el("label", {}, "A ", choice(0, false)), el("label", {}, "B ", choice(1, true)));
}

pickers();
build();
theme("auto");
