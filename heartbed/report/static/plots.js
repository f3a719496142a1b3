"use strict";
// Draws the figures of the page with Vega when they come into view, and makes them usable without a mouse.
window.plots = (() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const tip = document.getElementById("tip");
  const announcer = document.getElementById("announcer");
  const HIDDEN = new Set(["t", "lane", "end", "state", "sender", "octets", "ms"]);
  const drawn = new Map(); // figure element -> promise of {view, canvas, stops, at, origin}
  const format = new Intl.NumberFormat("en", {minimumFractionDigits: 4, maximumFractionDigits: 4, signDisplay: "always"});

  const rows = (table) => table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i]])));

  const clock = (seconds) => {
    const date = new Date(Math.floor(seconds * 1000));
    const micros = String(Math.round((seconds % 1) * 1e6) % 1e6).padStart(6, "0");
    return Number.isNaN(date.getTime()) ? "?" : `${date.toISOString().slice(11, 19)}.${micros.slice(0, 4)} UTC`;
  };

  // A row in words, as pairs; the same for hover, keyboard and the table below the figure.
  const told = (row, origin) => {
    const pairs = [["what", row.what]];
    if (row.t !== undefined) pairs.push(["time", `${format.format(row.t)} s (${clock(origin + row.t)})`]);
    if (row.lane) pairs.push(["on", row.lane]);
    for (const [name, value] of Object.entries(row)) {
      if (name !== "what" && !HIDDEN.has(name) && value !== null && typeof value !== "object") pairs.push([name, String(value)]);
    }
    if (row.ms !== undefined) pairs.push(["lag", `${row.ms} ms`]);
    return pairs;
  };

  const showTip = (pairs, x, y) => {
    const list = document.createElement("dl");
    for (const [name, value] of pairs) {
      list.append(Object.assign(document.createElement("dt"), {textContent: name}));
      list.append(Object.assign(document.createElement("dd"), {textContent: value}));
    }
    tip.replaceChildren(list);
    tip.hidden = false;
    const {width, height} = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 14) : y + 18}px`;
  };

  const hideTip = () => { tip.hidden = true; };

  // Draws a figure once; the promise is kept within the current task, so that it is in time for a print-out.
  function draw(figure) {
    if (!drawn.has(figure)) drawn.set(figure, begin(figure));
    return drawn.get(figure);
  }

  async function begin(figure) {
    const data = JSON.parse(figure.querySelector(":scope > script").textContent);
    const spec = structuredClone(specs[figure.dataset.kind]);
    const tables = Object.fromEntries(Object.entries(data.tables).map(([name, table]) => [name, rows(table)]));
    for (const set of spec.data) if (tables[set.name]) set.values = tables[set.name];
    for (const item of spec.signals) if (item.name in data.params) item.value = data.params[item.name];
    const origin = data.params.origin ?? 0;
    const canvas = figure.querySelector(".canvas");
    const tooltip = (_handler, event, _item, value) => {
      if (value && typeof value === "object") showTip(told(value, origin), event.clientX, event.clientY); else hideTip();
    };
    const {view} = await vegaEmbed(canvas, spec, {mode: "vega", renderer: "svg", actions: false, defaultStyle: false, logLevel: 1, tooltip});
    const stops = data.stops.flatMap((name) => tables[name] ?? []).sort((a, b) => a.t - b.t);
    const state = {view, canvas, stops, at: -1, origin};
    canvas.querySelector("svg").setAttribute("aria-hidden", "true");
    canvas.classList.add("drawn");
    canvas.addEventListener("keydown", (event) => key(state, event));
    canvas.addEventListener("blur", () => { hideTip(); canvas.querySelector(".cursor")?.remove(); });
    for (const button of figure.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(state, button.dataset.do));
    figure.querySelector(".listing")?.addEventListener("toggle", (event) => list(state, event.currentTarget));
    return state;
  }

  const extent = ({view}) => view.scale("x").domain();

  function zoomTo({view}, domain) {
    view.signal("zoom_t", domain).run();
  }

  function act(state, what) {
    const [a, b] = extent(state);
    const stop = state.stops[state.at];
    const middle = stop && stop.t >= a && stop.t <= b ? stop.t : (a + b) / 2;
    if (what === "in") zoomTo(state, [middle - (middle - a) / 2, middle + (b - middle) / 2]);
    if (what === "out") zoomTo(state, [middle - (middle - a) * 2, middle + (b - middle) * 2]);
    if (what === "left") zoomTo(state, [a - (b - a) / 4, b - (b - a) / 4]);
    if (what === "right") zoomTo(state, [a + (b - a) / 4, b + (b - a) / 4]);
    if (what === "all") zoomTo(state, null);
    if (state.canvas.querySelector(".cursor")) point(state);
  }

  function key(state, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = event.shiftKey ? {ArrowLeft: "left", ArrowRight: "right"} : {};
    const what = {"+": "in", "=": "in", "-": "out", "0": "all", ...arrows}[event.key];
    if (what) act(state, what);
    else if (event.key === "Escape") { hideTip(); state.canvas.querySelector(".cursor")?.remove(); return; }
    else if (!state.stops.length) return;
    else if (event.key === "ArrowRight") state.at = Math.min(state.at + 1, state.stops.length - 1);
    else if (event.key === "ArrowLeft") state.at = Math.max(state.at - 1, 0);
    else if (event.key === "Home") state.at = 0;
    else if (event.key === "End") state.at = state.stops.length - 1;
    else return;
    event.preventDefault();
    if (!what) { follow(state); point(state); }
  }

  // Moves what is shown so that the current stop can be seen.
  function follow(state) {
    const [a, b] = extent(state);
    const {t} = state.stops[state.at];
    if (t < a || t > b) zoomTo(state, [t - (b - a) / 2, t + (b - a) / 2]);
  }

  // Rings the current stop and says what it is.
  function point(state) {
    const {view, canvas, stops, at, origin} = state;
    canvas.querySelector(".cursor")?.remove();
    if (at < 0) return;
    const row = stops[at];
    const [x0, y0] = view.origin();
    const padding = view.padding();
    const y = view.scale("y");
    const x = view.scale("x")(row.t) + x0 + padding.left;
    const top = y(row.lane) + y.bandwidth() / 2 + y0 + padding.top;
    if (x < x0 || x > canvas.clientWidth) { hideTip(); return; }
    const ring = Object.assign(document.createElement("span"), {className: "cursor"});
    ring.style.left = `${x}px`;
    ring.style.top = `${top}px`;
    canvas.append(ring);
    const pairs = told(row, origin);
    const box = canvas.getBoundingClientRect();
    showTip(pairs, box.left + x, box.top + top);
    announcer.textContent = pairs.map(([name, value]) => `${name}: ${value}`).join("; ");
  }

  // Fills the table below a figure the first time it is opened.
  function list({stops, origin}, details) {
    const place = details.querySelector(".scroll");
    if (!details.open || place.childElementCount) return;
    const table = document.createElement("table");
    const names = ["time", "on", "what", "direction", "frame", "answer", "took ms"];
    const head = table.createTHead().insertRow();
    for (const name of names) head.append(Object.assign(document.createElement("th"), {textContent: name, scope: "col"}));
    const body = table.createTBody();
    for (const stop of stops) {
      const pairs = new Map(told(stop, origin));
      const row = body.insertRow();
      for (const name of names) row.insertCell().textContent = pairs.get(name) ?? "";
    }
    place.append(table);
  }

  // Shows the same stretch of time in two figures, and keeps it the same.
  async function link(first, second) {
    const states = await Promise.all([draw(first), draw(second)]);
    for (const state of states) zoomTo(state, null);
    const all = states.map(extent);
    const both = [Math.min(...all.map(([a]) => a)), Math.max(...all.map(([, b]) => b))];
    const listeners = states.map((state, i) => (_name, domain) => {
      const other = states[1 - i];
      if (domain && String(other.view.signal("zoom_t")) !== String(domain)) other.view.signal("zoom_t", domain).runAsync();
    });
    states.forEach((state, i) => state.view.addSignalListener("zoom_t", listeners[i]));
    for (const state of states) zoomTo(state, both);
    return () => states.forEach((state, i) => {
      state.view.removeSignalListener("zoom_t", listeners[i]);
      zoomTo(state, null);
    });
  }

  const all = [...document.querySelectorAll("figure.plot")];
  const watcher = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) if (isIntersecting) { watcher.unobserve(target); draw(target); }
  }, {rootMargin: "300px"});
  for (const figure of all) watcher.observe(figure);
  const onPaper = all.filter((figure) => !figure.closest(".cell:not(.printed)"));
  addEventListener("beforeprint", () => onPaper.forEach(draw));
  addEventListener("scroll", hideTip, {passive: true});

  return {draw, link, drawn};
})();
