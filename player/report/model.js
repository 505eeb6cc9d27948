"use strict";
// What is drawn, computed from the sessions in the page. No element of the page
// is touched here. Times are seconds since the session began, rates bit/s.

const sec = ns => ns / 1e9;

// ---- words for figures

function rateText(bps) {
  if (!(bps > 0)) return "–";
  if (bps >= 99.95e6) return Math.round(bps / 1e6) + " Mbit/s";
  return bps >= 1e6 ? (bps / 1e6).toFixed(bps >= 9.995e6 ? 1 : 2) + " Mbit/s" : Math.round(bps / 1e3) + " kbit/s";
}

// changeText is from one bitrate to another.
function changeText(from, to) {
  const [a, b] = [rateText(from), rateText(to)];
  return (a.split(" ")[1] === b.split(" ")[1] ? a.split(" ")[0] : a) + " → " + b;
}

function clockText(s, digits = 0) {
  const sign = s < 0 ? "−" : "", scale = 10 ** digits;
  s = Math.round(Math.abs(s) * scale) / scale;
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  const rest = (s % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return sign + (h > 0 ? h + ":" + String(m).padStart(2, "0") : m) + ":" + rest;
}

function spanText(s) {
  if (s === 0) return "0 s";
  if (Math.abs(s) < 1) return (s * 1000).toFixed(Math.abs(s) < 0.01 ? 1 : 0) + " ms";
  return Math.abs(s) < 600 ? s.toFixed(Math.abs(s) < 10 ? 2 : 1) + " s" : clockText(s);
}

function bytesText(n) {
  if (n >= 1e9) return (n / 1e9).toFixed(2) + " GB";
  if (n >= 1e6) return (n / 1e6).toFixed(1) + " MB";
  return n >= 1e3 ? (n / 1e3).toFixed(1) + " kB" : n + " B";
}

function scoreText(x) {
  const a = Math.abs(x);
  return a !== 0 && (a >= 1e5 || a < 1e-3) ? x.toExponential(2) : String(Number(x.toPrecision(4)));
}

const reasonWords = {
  start: "nothing is known yet",
  seek: "the level that shows soonest after a jump",
  hold: "nothing to change",
  bandwidth: "the link allows more, or asks for less",
  buffer_low: "the buffer runs out",
  render_cap: "the device would not render more",
  user_limit: "a limit of the user",
  abandon: "the running transfer would come too late",
  only: "there is one level",
  plan: "the best of what is to be expected of the next fragments",
  replace: "a buffered fragment is worth fetching again",
};

// ---- tables for the charts

// hold carries the last point's value on; line draws straight from point to
// point. Both take ascending [time, value] and give a value for each of xs, null
// where there is none.
function hold(points, xs) {
  let i = -1;
  return xs.map(x => {
    while (i + 1 < points.length && points[i + 1][0] <= x) i++;
    return i < 0 ? null : points[i][1];
  });
}

function line(points, xs) {
  let i = -1;
  return xs.map(x => {
    while (i + 1 < points.length && points[i + 1][0] <= x) i++;
    if (i < 0) return null;
    const [x0, y0] = points[i];
    if (x0 === x) return y0;
    if (i + 1 === points.length || y0 === null) return null;
    const [x1, y1] = points[i + 1];
    return y1 === null ? null : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
  });
}

// align puts columns {points, fill} over one list of instants from 0 to end.
function align(columns, end) {
  const all = [0, end];
  for (const c of columns) for (const p of c.points) all.push(p[0]);
  const xs = Float64Array.from(all).sort().filter((x, i, a) => i === 0 || x !== a[i - 1]);
  const list = Array.from(xs);
  return [list, ...columns.map(c => c.fill(c.points, list))];
}

// last returns the index of the last of a list, ascending in at, that is at or
// before t; -1: none.
function last(list, t, at = x => x.at) {
  let lo = 0, hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (at(list[mid]) <= t) lo = mid + 1; else hi = mid;
  }
  return lo - 1;
}

// nearest returns the one of a list that is closest to t; undefined: none.
function nearest(list, t) {
  const i = last(list, t), a = list[i], b = list[i + 1];
  return !a ? b : !b || t - a.at <= b.at - t ? a : b;
}

// within returns those of a list between two instants.
function within(list, from, to) {
  return list.slice(last(list, from - 1e-9) + 1, last(list, to) + 1);
}

// ---- a session

function makeRun(s, index) {
  const list = (name, f) => (s[name] || []).map(f);
  const run = { index, name: s.name, url: s.url, policy: s.policy, versions: s.versions || {}, summary: s.summary,
    unfinished: s.unfinished, cut: s.cut, ladder: s.ladder_bps || [] };
  run.length = Math.max(sec(s.length_ns), 0.001);
  run.transfers = list("transfers", t => ({ ...t, asked: sec(t.asked_ns), first: sec(t.first_byte_ns), at: sec(t.end_ns) }));
  run.decisions = list("decisions", d => ({ ...d, at: sec(d.at_ns), buffered: sec(d.buffered_ns), goal: sec(d.goal_ns) }));
  run.video = run.decisions.filter(d => d.track === "video");
  run.sound = run.decisions.filter(d => d.track === "audio" && d.reason !== "only");
  run.shown = list("shown", l => ({ ...l, at: sec(l.at_ns) }));
  run.fetched = run.transfers.filter(t => t.track === "video" && t.outcome === "received" && t.bitrate_bps > 0)
    .map(t => ({ at: t.asked, bitrate_bps: t.bitrate_bps, level: t.level })).sort((a, b) => a.at - b.at);
  run.estimates = list("estimates", e => ({ at: sec(e.at_ns), bps: e.bps, error: e.error }));
  run.buffers = { video: [], audio: [] };
  run.goals = [];
  for (const b of s.buffers || []) {
    const point = { at: sec(b.at_ns), ahead: sec(b.ahead_ns) };
    run.buffers[b.track]?.push(point);
    if (b.goal_ns) run.goals.push([point.at, sec(b.goal_ns)]);
  }
  run.frames = list("frames", f => ({ ...f, at: sec(f.at_ns) }));
  run.caps = list("caps", c => ({ ...c, at: sec(c.at_ns) }));
  run.spans = list("spans", p => ({ kind: p.kind, begin: sec(p.begin_ns), end: sec(p.end_ns) }));
  run.marks = list("marks", m => ({ ...m, at: sec(m.at_ns) }));
  run.capSpans = run.caps.flatMap((c, i) => c.full ? [] : [{
    begin: c.at, end: run.caps[i + 1]?.at ?? run.length, bitrate_bps: c.bitrate_bps, level: c.level,
  }]);
  return run;
}

// kindOf names a decision by what it did.
function kindOf(d) {
  if (d.abandon) return "abandon";
  if (d.from < 0 || d.reason === "start" || d.reason === "seek") return "start";
  return d.level > d.from ? "up" : d.level < d.from ? "down" : "hold";
}

// scales are the upper ends of the y axes, the same for all runs that are shown
// beside each other.
function scales(runs) {
  const most = (f, least) => runs.reduce((m, r) => Math.max(m, f(r)), least);
  const over = (list, f) => list.reduce((m, x) => Math.max(m, f(x)), 0);
  const top = most(r => Math.max(over(r.ladder, b => b), over(r.shown, l => l.bitrate_bps), over(r.fetched, l => l.bitrate_bps)), 0);
  const rate = most(r => Math.max(over(r.estimates, e => e.bps), over(r.transfers, t => t.track === "video" ? t.rate_bps : 0)), 0);
  const link = most(r => Math.max(over(r.estimates, e => e.bps * (1 + Math.min(e.error, 1))),
    over(r.transfers, t => t.track === "video" ? t.rate_bps : 0)), 0);
  return {
    // A link much faster than the best level would press everything else down.
    bitrate: 1.08 * (top > 0 ? Math.min(Math.max(link, 1.1 * top), 1.7 * top) : link || 1e6),
    rate,
    buffer: 1.1 * most(r => Math.max(over(r.buffers.video, b => b.ahead), over(r.buffers.audio, b => b.ahead),
      over(r.goals, g => g[1])), 1),
    frames: 1.15 * most(r => over(r.frames, f => Math.max(f.encoded, Math.min(f.shown, 2 * f.encoded || Infinity), Math.min(f.lost, 2 * f.encoded || Infinity))), 1),
    end: most(r => r.length, 0),
  };
}
