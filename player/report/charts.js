// The charts of a session, on uPlot.

// ---- colours: of the style sheet, so that they follow the theme

let palette = {};
function colour(name) {
  return palette[name] ||= getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

const font = "12px system-ui, sans-serif";

// ---- what each chart shows

const chartSpecs = [
  {
    id: "bitrate", title: "Bitrate and bandwidth", unit: "Mbit/s", height: 270,
    legend: [
      { name: "throughput of a fragment", colour: "throughput", mark: "bar", toggles: "throughput" },
      { name: "bandwidth estimate and its error", colour: "estimate", mark: "band", series: [1, 2, 3] },
      { name: "shown", colour: "shown", mark: "thick", series: [4] },
      { name: "downloaded", colour: "fetched", mark: "line", series: [5] },
      { name: "render cap", colour: "cap", mark: "dash", series: [6], when: r => r.capSpans.length > 0 },
    ],
    columns: r => {
      const mbit = (list, f) => list.map(x => [x.at, f(x) / 1e6]);
      return [
        { points: mbit(r.estimates, e => e.bps * Math.max(1 - e.error, 0)), fill: hold },
        { points: mbit(r.estimates, e => e.bps * (1 + e.error)), fill: hold },
        { points: mbit(r.estimates, e => e.bps), fill: hold },
        { points: mbit(r.shown, l => l.bitrate_bps), fill: hold },
        { points: mbit(r.fetched, l => l.bitrate_bps), fill: hold },
        { points: r.caps.map(c => [c.at, c.full ? null : c.bitrate_bps / 1e6]), fill: hold },
      ];
    },
    series: () => [
      stepped("", 0), stepped("", 0), stepped("estimate", 1.5), stepped("shown", 5), stepped("fetched", 1.75),
      { ...stepped("cap", 2), dash: [7, 5] },
    ],
    bands: [{ series: [2, 1], fill: () => colour("estimate-band") }],
    max: s => s.bitrate / 1e6,
    behind: drawThroughput,
  },
  {
    id: "lanes", title: "Decisions and events", unit: "", height: 148,
    legend: [
      { name: "up", colour: "up", mark: "▲" }, { name: "down", colour: "down", mark: "▼" },
      { name: "hold", colour: "hold", mark: "•" }, { name: "start, seek", colour: "estimate", mark: "◆" },
      { name: "abandoned, failed", colour: "trouble", mark: "✕" },
    ],
    columns: () => [], series: () => [], max: () => lanes.length, behind: drawLanes, y: laneAxis,
  },
  {
    id: "buffer", title: "Buffer", unit: "s", height: 170,
    legend: [
      { name: "video", colour: "estimate", mark: "line", series: [1] },
      { name: "audio", colour: "audio", mark: "dash", series: [2] },
      { name: "goal", colour: "muted", mark: "dots", series: [3], when: r => r.goals.length > 0 },
      { name: "stall", colour: "trouble", mark: "hatched" },
      { name: "pause, start", colour: "span-pause", mark: "area" },
      { name: "seeking", colour: "span-seek", mark: "area" },
    ],
    columns: r => [
      { points: r.buffers.video.map(b => [b.at, b.ahead]), fill: line },
      { points: r.buffers.audio.map(b => [b.at, b.ahead]), fill: line },
      { points: r.goals, fill: hold },
    ],
    series: () => [
      { stroke: () => colour("estimate"), width: 2, fill: () => colour("estimate-band"), spanGaps: true },
      { stroke: () => colour("audio"), width: 1.5, dash: [6, 4], spanGaps: true },
      { ...stepped("muted", 1), dash: [2, 3] },
    ],
    max: s => s.buffer,
  },
  {
    id: "frames", title: "Frame rate", unit: "pictures/s", height: 170, when: r => r.frames.some(f => f.shown > 0),
    legend: [
      { name: "encoded", colour: "ink", mark: "dash", series: [1] },
      { name: "rendered", colour: "shown", mark: "line", series: [2] },
      { name: "lost", colour: "trouble", mark: "bar", series: [3] },
      { name: "render cap", colour: "cap-area", mark: "area", when: r => r.capSpans.length > 0 },
    ],
    columns: r => [
      { points: r.frames.map(f => [f.at, f.encoded || null]), fill: hold },
      { points: r.frames.map(f => [f.at, f.shown]), fill: exact },
      { points: r.frames.map(f => [f.at, f.lost]), fill: exact },
    ],
    series: () => [
      { ...stepped("ink", 1.25), dash: [6, 4] },
      { stroke: () => colour("shown"), width: 2, paths: uPlot.paths.stepped({ align: -1 }), spanGaps: true },
      { stroke: () => "transparent", fill: () => colour("trouble"), width: 0, paths: uPlot.paths.stepped({ align: -1 }), spanGaps: true },
    ],
    max: s => s.frames,
    behind: drawCaps,
  },
];

function exact(points, xs) {
  const at = new Map(points);
  return xs.map(x => at.has(x) ? at.get(x) : null);
}

function stepped(name, width) {
  return {
    stroke: () => name ? colour(name) : "transparent", width,
    paths: uPlot.paths.stepped({ align: 1 }), spanGaps: false,
  };
}

// ---- what uPlot does not draw by itself

// pixels gives the canvas position of an instant, and whether it is in view.
const xOf = (u, t) => u.valToPos(t, "x", true);

function inPlot(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox, devicePixelRatio || 1);
  ctx.restore();
}

// drawSpans shades the times in which playing stood still.
function drawSpans(u, run) {
  inPlot(u, (ctx, box, px) => {
    for (const s of run.spans) {
      const a = xOf(u, s.begin), w = Math.max(xOf(u, s.end) - a, 2 * px);
      if (a + w < box.left || a > box.left + box.width) continue;
      ctx.fillStyle = colour("span-" + s.kind);
      ctx.fillRect(a, box.top, w, box.height);
      if (s.kind === "stall") hatch(ctx, a, box.top, w, box.height, px);
    }
  });
}

function hatch(ctx, x, y, w, h, px) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w, h);
  ctx.clip();
  ctx.strokeStyle = colour("trouble");
  ctx.lineWidth = px;
  ctx.beginPath();
  for (let i = x - h; i < x + w; i += 7 * px) {
    ctx.moveTo(i, y + h);
    ctx.lineTo(i + h, y);
  }
  ctx.stroke();
  ctx.restore();
}

// drawThroughput draws each fragment's throughput over the time of its body, on
// lines where the levels are.
function drawThroughput(u, run, hidden, limits) {
  inPlot(u, (ctx, box, px) => {
    ctx.strokeStyle = colour("grid");
    ctx.setLineDash([px, 3 * px]);
    ctx.lineWidth = px;
    for (const bps of run.ladder) {
      const y = Math.round(u.valToPos(bps / 1e6, "y", true)) + .5;
      ctx.beginPath();
      ctx.moveTo(box.left, y);
      ctx.lineTo(box.left + box.width, y);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    if (hidden.throughput) return;
    ctx.strokeStyle = colour("throughput");
    ctx.fillStyle = colour("throughput");
    for (const t of run.transfers) {
      if (t.track !== "video" || !(t.rate_bps > 0)) continue;
      const a = xOf(u, t.first), b = Math.max(xOf(u, t.at), a + 3 * px);
      if (b < box.left || a > box.left + box.width) continue;
      if (t.rate_bps > limits.bitrate) { // above the scale: an arrow at the edge
        arrow(ctx, (a + b) / 2, box.top + 5 * px, 3.5 * px, -1);
        continue;
      }
      ctx.lineWidth = 2.5 * px;
      const y = u.valToPos(t.rate_bps / 1e6, "y", true);
      ctx.beginPath();
      ctx.moveTo(a, y);
      ctx.lineTo(b, y);
      ctx.stroke();
    }
  });
}

// drawCaps shades the times in which the render load held the level down.
function drawCaps(u, run) {
  inPlot(u, (ctx, box, px) => {
    for (const c of run.capSpans) {
      const a = xOf(u, c.begin), b = xOf(u, c.end);
      ctx.fillStyle = colour("cap-area");
      ctx.fillRect(a, box.top, b - a, box.height);
      const words = (c.bitrate_bps ? "cap " + rateText(c.bitrate_bps) : "cap level " + c.level);
      ctx.font = `${11 * px}px system-ui, sans-serif`;
      ctx.fillStyle = colour("ink");
      ctx.textAlign = "left";
      ctx.textBaseline = "top";
      if (ctx.measureText(words).width < b - a - 8 * px) ctx.fillText(words, Math.max(a, box.left) + 4 * px, box.top + 4 * px);
    }
  });
}

// ---- the lanes: one row for each kind of event, from the top

const lanes = [
  { name: "decisions", kinds: [] },
  { name: "screen", kinds: ["up", "down", "cap"] },
  { name: "viewer", kinds: ["seek", "pause", "play", "select"], spans: ["seek", "pause"] },
  { name: "network", kinds: ["retry", "abandon", "failover"] },
  { name: "trouble", kinds: ["stall", "error", "other"], spans: ["startup", "stall"] },
];

const laneOf = kind => lanes.findIndex(l => l.kinds.includes(kind));

function laneAxis() {
  return {
    splits: () => lanes.map((_, i) => lanes.length - i - .5),
    values: () => lanes.map(l => l.name),
    grid: { show: false }, ticks: { show: false },
  };
}

const glyphs = {
  up: [(c, x, y, r) => arrow(c, x, y, r, -1), "up"], down: [(c, x, y, r) => arrow(c, x, y, r, 1), "down"],
  hold: [(c, x, y, r) => dot(c, x, y, r * .45), "hold"], start: [diamond, "estimate"], abandon: [cross, "trouble"],
  retry: [cross, "trouble"], failover: [diamond, "trouble"], error: [diamond, "trouble"], stall: [square, "trouble"],
  seek: [diamond, "audio"], pause: [square, "muted"], play: [(c, x, y, r) => right(c, x, y, r), "muted"],
  select: [(c, x, y, r) => dot(c, x, y, r * .8), "audio"], cap: [square, "cap"], other: [(c, x, y, r) => dot(c, x, y, r * .7), "muted"],
};

function drawLanes(u, run) {
  inPlot(u, (ctx, box, px) => {
    const row = box.height / lanes.length;
    lanes.forEach((lane, i) => {
      if (i % 2 === 0) {
        ctx.fillStyle = colour("stripe");
        ctx.fillRect(box.left, box.top + i * row, box.width, row);
      }
      for (const s of run.spans) {
        if (!lane.spans?.includes(s.kind)) continue;
        const a = xOf(u, s.begin), w = Math.max(xOf(u, s.end) - a, 2 * px);
        ctx.fillStyle = colour(s.kind === "stall" ? "trouble" : "muted");
        ctx.fillRect(a, box.top + (i + .38) * row, w, row * .24);
      }
    });
    const put = (kind, t, lane) => {
      const x = xOf(u, t);
      if (x < box.left - 9 * px || x > box.left + box.width + 9 * px) return;
      const [draw, name] = glyphs[kind] || glyphs.other;
      ctx.fillStyle = ctx.strokeStyle = colour(name);
      draw(ctx, x, box.top + (lane + .5) * row, 5 * px);
    };
    for (const d of run.video) put(kindOf(d), d.at, 0);
    for (const m of run.marks) if (laneOf(m.kind) >= 0) put(m.kind, m.at, laneOf(m.kind));
  });
}

function shape(c, points) {
  c.beginPath();
  points.forEach(([x, y], i) => i ? c.lineTo(x, y) : c.moveTo(x, y));
  c.closePath();
  c.fill();
}
function arrow(c, x, y, r, down) { shape(c, [[x - r, y - down * r * .8], [x + r, y - down * r * .8], [x, y + down * r]]); }
function right(c, x, y, r) { shape(c, [[x - r * .7, y - r], [x - r * .7, y + r], [x + r, y]]); }
function diamond(c, x, y, r) { shape(c, [[x - r, y], [x, y - r], [x + r, y], [x, y + r]]); }
function square(c, x, y, r) { shape(c, [[x - r * .8, y - r * .8], [x + r * .8, y - r * .8], [x + r * .8, y + r * .8], [x - r * .8, y + r * .8]]); }
function dot(c, x, y, r) { c.beginPath(); c.arc(x, y, r, 0, 2 * Math.PI); c.fill(); }
function cross(c, x, y, r) {
  c.lineWidth = r * .45;
  c.beginPath();
  c.moveTo(x - r * .8, y - r * .8); c.lineTo(x + r * .8, y + r * .8);
  c.moveTo(x + r * .8, y - r * .8); c.lineTo(x - r * .8, y + r * .8);
  c.stroke();
}

// ---- a chart

// makeChart draws one chart of a run into host. limits are the scales, act what
// the page does on hover and zoom.
function makeChart(spec, run, host, width, limits, act) {
  const hidden = {};
  const axis = { stroke: () => colour("ink"), font, grid: { stroke: () => colour("grid"), width: 1 }, ticks: { stroke: () => colour("grid"), width: 1, size: 4 } };
  const u = new uPlot({
    width, height: spec.height + (act.lowest ? 18 : 0), padding: [10, 14, 0, 0],
    legend: { show: false },
    scales: { x: { time: false, range: (u, min, max) => [min, max] }, y: { range: () => [0, spec.max(limits)] } },
    axes: [
      { ...axis, size: 26, gap: 3, space: 70, ...(act.lowest ? { label: "time since the session began, min:s", labelSize: 18, labelGap: 2, labelFont: font } : {}), incrs: [.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200],
        values: (u, splits, i, space, incr) => splits.map(s => clockText(s, incr < .1 ? 2 : incr < 1 ? 1 : 0)) },
      { ...axis, size: 72, gap: 6, space: 32, ...(spec.y ? spec.y() : {}) },
    ],
    series: [{}, ...spec.series()].map((s, i) => i === 0 ? s : { ...s, points: { show: false } }),
    bands: spec.bands,
    cursor: {
      y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: { key: "time", setSeries: false, scales: ["x", null], filters: { pub: type => type === "mousemove" || type === "mouseleave" } },
      bind: { dblclick: () => () => { act.zoom(0, limits.end); return null; } },
    },
    hooks: {
      drawClear: [u => drawSpans(u, run)],
      drawAxes: [u => spec.behind?.(u, run, hidden, limits)],
      setCursor: [u => act.hover(u)],
      setSelect: [u => {
        const { left, width } = u.select;
        if (width < 4) return;
        act.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  }, align(spec.columns(run), run.length), host);
  u.setScale("x", { min: 0, max: limits.end });
  return Object.assign(u, { run, spec, hidden });
}
