// Draws rows over time with uPlot from the numbers in the page's table, and again when they change.

/* global uPlot */

const HEIGHT = 220;
const plot = document.getElementById("plot");
const NUMBER = new Intl.NumberFormat();
const SHORT = new Intl.NumberFormat(undefined, { notation: "compact" });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

let drawn = "";
let chart = null;

/** Returns a colour of the style sheet in the current scheme; a canvas cannot use CSS variables. */
function colour(name) {
  plot.style.color = `var(${name})`;
  const { color } = getComputedStyle(plot);
  plot.style.color = "";
  return color;
}

/** Stored rows at the bottom, rejected records on top: the upper series is their sum, drawn first. */
function columns({ at, rows, rejected }) {
  return [at, rows.map((value, n) => value + rejected[n]), rows];
}

function optionsOf({ seconds, rejected }) {
  const axis = { stroke: colour("--muted"), font: `12px ${getComputedStyle(plot).fontFamily}` };
  const grid = { stroke: colour("--line"), width: 1 };
  // Each bar starts at the time it stands for.
  const paths = uPlot.paths.bars({ size: [0.76, 60], align: 1 });
  const bar = (name) => ({ fill: colour(name), stroke: colour(name), width: 0, paths });
  const label = seconds < 3600 ? CLOCK : DAY;
  const number = (value) => value == null ? "–" : NUMBER.format(value);
  return {
    width: plot.clientWidth,
    height: HEIGHT,
    padding: [10, 24, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { range: (_chart, from, to) => [from, to + seconds] },
      y: { range: (_chart, _from, to) => [0, Math.max(1, to * 1.08)] },
    },
    axes: [
      { ...axis, grid: { show: false }, ticks: grid, values: (_c, at) => at.map(textOf(label)) },
      { ...axis, grid, ticks: { show: false }, size: 56, values: (_c, at) => at.map(shortOf) },
    ],
    series: [
      { label: "From", value: (_chart, at) => at == null ? "–" : MOMENT.format(at * 1000) },
      {
        label: "Rejected",
        ...bar("--bad"),
        points: { show: false },
        value: (_chart, _sum, _series, place) => number(place == null ? null : rejected[place]),
      },
      {
        label: "Stored",
        ...bar("--accent"),
        points: { show: false },
        value: (_chart, value) => number(value),
      },
    ],
    legend: { live: true },
  };
}

const textOf = (format) => (at) => format.format(at * 1000);
/** Rows are whole numbers, so fractions on the axis get no label. */
const shortOf = (value) => Number.isInteger(value) ? SHORT.format(value) : "";

function draw() {
  const text = document.getElementById("chart-numbers").dataset.plot;
  if (text === drawn) return;
  drawn = text;
  const data = JSON.parse(text);
  chart?.destroy();
  chart = new uPlot(optionsOf(data), columns(data), plot);
}

draw();
document.addEventListener("renewed", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  drawn = "";
  draw();
});
new ResizeObserver(() => chart?.setSize({ width: plot.clientWidth, height: HEIGHT }))
  .observe(plot);
