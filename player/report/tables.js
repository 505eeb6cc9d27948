// The tables below the charts.

// Rows of the Summary: name, value, words for it, and which way is better (1:
// more, -1: less, 0: neither).
const summaryRows = [
  ["Bitrate, mean by time shown", s => s.mean_bitrate_bps, rateText, 1],
  ["Start to first picture", s => s.startup_ns ? sec(s.startup_ns) : undefined, spanText, -1],
  ["Start to manifest", s => s.manifest_ns ? sec(s.manifest_ns) : undefined, spanText, -1],
  ["Played", s => sec(s.played_ns), spanText, 0],
  ["Stalls", s => s.stalls, String, -1],
  ["Stalled", s => sec(s.stalled_ns), spanText, -1],
  ["Switches up", s => s.switches_up, String, 0],
  ["Switches down", s => s.switches_down, String, 0],
  ["Reversals within 5 fragments", s => s.reversals, String, -1],
  ["Held down by render load", s => sec(s.capped_ns), spanText, -1],
  ["Pictures shown", s => s.pictures_shown, String, 0],
  ["Pictures dropped", s => s.pictures_dropped, String, -1],
  ["Pictures repeated", s => s.pictures_repeated, String, -1],
  ["Gaps in the sound", s => s.audio_gaps, String, -1],
  ["Picture to sound, 95 %", s => s.av_offset_ns && sec(s.av_offset_ns.p95), spanText, -1],
  ["Buffer, half of the time above", s => s.buffer_ns && sec(s.buffer_ns.p50), spanText, 0],
  ["Buffer, 95 % of the time above", s => s.buffer_ns && sec(s.buffer_ns.p5), spanText, 1],
  ["Seeks", s => s.seeks, String, 0],
  ["Seek to picture, half below", s => s.seek_ns && sec(s.seek_ns.p50), spanText, -1],
  ["Seek to picture, 95 % below", s => s.seek_ns && sec(s.seek_ns.p95), spanText, -1],
  ["Behind the live edge, half below", s => s.live_latency_ns && sec(s.live_latency_ns.p50), spanText, -1],
  ["Fragments received", s => s.fragments, String, 0],
  ["Retries", s => s.retries, String, -1],
  ["Fragment errors", s => s.fragment_errors, String, -1],
  ["Bytes received", s => s.bytes, bytesText, 0],
  ["Bytes never played", s => s.wasted_bytes, bytesText, -1],
  ["Processor time", s => s.cpu_ns && sec(s.cpu_ns), spanText, -1],
  ["Memory at most", s => s.peak_rss_bytes || undefined, bytesText, -1],
];

function tables() {
  byID("tables").replaceChildren(summaryTable(), el("div", { class: "stack" }, levelsTable(), reasonsTable()), happenings());
}

function runHeads() {
  return shownRuns.length > 1 ? shownRuns.map((r, i) => el("th", { title: r.name }, "AB"[i])) : [el("th", {}, "value")];
}

function summaryTable() {
  const two = shownRuns.length > 1;
  const rows = [["End", s => s.error ? `${s.end}: ${s.error.code}` : s.end], ...summaryRows].map(([name, of, words, better]) => {
    const values = shownRuns.map(r => of(r.summary));
    if (values.every(v => v === undefined || v === 0 && words === spanText && better === 0)) return null;
    const cells = values.map(v => el("td", {}, v === undefined ? "–" : words ? words(v) : v));
    return el("tr", {}, el("th", { scope: "row" }, name), cells, two ? difference(values, words, better) : null);
  });
  return el("table", { class: "figures" }, el("caption", {}, "Summary"),
    el("thead", {}, el("tr", {}, el("th", {}, ""), runHeads(), two ? el("th", {}, "B against A") : null)), el("tbody", {}, rows));
}

function difference([a, b], words, better) {
  if (!words || a === undefined || b === undefined || a === b) return el("td", {}, words && a === b && a !== undefined ? "=" : "");
  const d = b - a, by = words === String ? String(Math.abs(d)) : words(Math.abs(d));
  const share = a > 0 ? ` (${d > 0 ? "+" : "−"}${Math.abs(100 * d / a).toFixed(Math.abs(d / a) < .1 ? 1 : 0)} %)` : "";
  const slight = Math.abs(d) < .01 * Math.abs(a) || words === spanText && Math.abs(d) < .005; // no two runs are the same
  const verdict = slight ? "" : better * d > 0 ? "better" : better * d < 0 ? "worse" : "";
  return el("td", { class: verdict || undefined }, (d > 0 ? "+" : "−") + by + share, verdict ? el("small", {}, verdict) : null);
}

// levelsTable says for how long each level was on the screen.
function levelsTable() {
  const key = l => `${l.bitrate_bps} ${l.width}×${l.height}`;
  const levels = new Map();
  for (const r of shownRuns) for (const l of r.summary.levels || []) levels.set(key(l), l);
  const list = [...levels.values()].sort((a, b) => b.bitrate_bps - a.bitrate_bps);
  const cells = (r, l) => {
    const own = (r.summary.levels || []).find(x => key(x) === key(l));
    const total = (r.summary.levels || []).reduce((s, x) => s + x.shown_ns, 0);
    const part = own && total ? own.shown_ns / total : 0;
    const bar = el("i", { class: "share" });
    bar.style.width = 100 * part + "%";
    return el("td", { class: "shares" }, bar, own ? `${(100 * part).toFixed(1)} % · ${spanText(sec(own.shown_ns))}` : "–");
  };
  return el("table", { class: "figures" }, el("caption", {}, "Levels, by time on the screen"),
    el("thead", {}, el("tr", {}, el("th", {}, ""), runHeads())),
    el("tbody", {}, list.map(l => el("tr", {}, el("th", { scope: "row" }, rateText(l.bitrate_bps), l.width ? ` · ${l.width}×${l.height}` : ""), shownRuns.map(r => cells(r, l))))));
}

// reasonsTable counts the decisions for video by their reason.
function reasonsTable() {
  const counts = shownRuns.map(r => {
    const m = new Map();
    for (const d of r.video) {
      const c = m.get(d.reason) || { up: 0, down: 0, hold: 0, start: 0, abandon: 0, all: 0 };
      c[kindOf(d)]++;
      c.all++;
      m.set(d.reason, c);
    }
    return m;
  });
  const reasons = [...new Set(counts.flatMap(m => [...m.keys()]))].sort((a, b) => (counts[0].get(b)?.all || 0) - (counts[0].get(a)?.all || 0));
  const cell = c => el("td", {}, c ? `${c.all}` + (c.up || c.down ? ` (${[c.up && c.up + "▲", c.down && c.down + "▼"].filter(Boolean).join(" ")})` : "") : "–");
  return el("table", { class: "figures" }, el("caption", {}, "Decisions for video, by reason"),
    el("thead", {}, el("tr", {}, el("th", {}, ""), runHeads())),
    el("tbody", {}, reasons.map(k => el("tr", {}, el("th", { scope: "row" }, k || "–", el("small", {}, reasonWords[k] || "")), counts.map(m => cell(m.get(k)))))));
}

// happenings lists the marks of each run.
function happenings() {
  const most = 500;
  return el("div", { class: "lists" }, shownRuns.map((r, i) => el("details", { open: r.marks.length <= 60 },
    el("summary", {}, `What happened${shownRuns.length > 1 ? " in " + "AB"[i] : ""} (${r.marks.length})`),
    el("ol", {}, r.marks.slice(0, most).map(m => {
      const [, name] = glyphs[m.kind] || glyphs.other;
      const go = el("button", { onclick: () => { pinned = true; point(m.at); byID("runs").scrollIntoView(); } }, clockText(m.at, 1));
      const kind = el("b", {}, m.kind);
      kind.style.setProperty("--c", `var(--${name})`);
      return el("li", {}, go, kind, el("span", {}, m.text));
    })),
    r.marks.length > most ? el("p", { class: "note" }, `and ${r.marks.length - most} more`) : null)));
}
