"use strict";
// What a reader can do on the page beyond reading it: look closer at curves, switch lines and axes,
// sort tables. The page is complete without it; every control is made here.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return parent.appendChild(node);
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // ---- Axes: an axis has scale, low, high, and begins at `start` with `length` in the drawing.
  const onScale = { linear: (v) => v, log: (v) => Math.log10(Math.max(v, 1e-300)) };
  const offScale = { linear: (v) => v, log: (v) => 10 ** v };
  function placeOf(axis, value) {
    const [low, high, at] = [axis.low, axis.high, value].map(onScale[axis.scale]);
    return axis.start + (axis.length * (at - low)) / (high - low);
  }
  function valueAt(axis, place) {
    const [low, high] = [axis.low, axis.high].map(onScale[axis.scale]);
    return offScale[axis.scale](low + ((place - axis.start) / axis.length) * (high - low));
  }
  const isAxis = (axis) => axis.scale in onScale;

  function ticksOf({ scale, low, high }) {
    if (scale === "linear") {
      const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * 0.99);
      const first = Math.ceil(low / step - 1e-9), n = Math.floor(high / step + 1e-9) - first;
      return Array.from({ length: Math.max(n + 1, 0) }, (_, i) => (first + i) * step);
    }
    const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const span = Math.log10(high / low), stride = Math.ceil((last - first) / 7);
    const steps = span < 0.7 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : span < 2 ? [1, 2, 5] : span < 3.5 ? [1, 3] : [1];
    const ticks = [];
    for (let d = first; d <= last; d += 1)
      if (d % stride === 0) ticks.push(...steps.map((s) => s * 10 ** d));
    return ticks.filter((t) => t >= low * 0.999 && t <= high * 1.001);
  }
  function tickText(value) {
    const size = Math.abs(value);
    if (size && (size < 1e-4 || size >= 1e6)) return value.toExponential().replace("e+", "e");
    return String(Number(value.toPrecision(6)));
  }
  /** A value with as many digits as a place in the drawing, of two decimals, can tell. */
  function valueText(axis, value) {
    if (axis.scale === "log") {
      const text = Number(value.toPrecision(axis.high / axis.low > 1e4 ? 3 : 4));
      return tickText(text);
    }
    const digits = -Math.ceil(Math.log10(Math.abs(axis.high - axis.low) * 2.5e-5));
    return tickText(digits > 0 ? Number(value.toFixed(digits)) : Math.round(value * 10 ** digits) / 10 ** digits);
  }

  // ---- Drawings: the points of a path or of marks, as they were drawn.
  const NUMBER = /-?(?:\d+\.?\d*|\.\d+)/g;
  function linesOf(path) {
    const lines = [];
    let at = [0, 0];
    for (const [, command, rest] of path.getAttribute("d").matchAll(/([MlLz])([^MlLz]*)/g)) {
      const numbers = (rest.match(NUMBER) || []).map(Number);
      if (command === "M") lines.push({ points: [], closed: false });
      if (command === "z") lines.at(-1).closed = true;
      for (let i = 0; i + 1 < numbers.length; i += 2) {
        at = command === "l" ? [at[0] + numbers[i], at[1] + numbers[i + 1]] : [numbers[i], numbers[i + 1]];
        lines.at(-1).points.push(at);
      }
    }
    return lines;
  }
  const textOf = (lines) => lines.map(({ points, closed }) =>
    "M" + points.map((p) => p.map((v) => v.toFixed(2)).join(" ")).join("L") + (closed ? "z" : "")).join("");

  class Mark { // an element that belongs to a line: a curve, its band, its marks
    constructor(node, panel) {
      Object.assign(this, { node, panel, role: node.dataset.role, series: node.dataset.series });
      const own = (name) => (node.matches(name) ? [node] : all(name, node));
      this.paths = own("path").map((path) => ({ path, lines: linesOf(path) }));
      this.uses = own("use").map((use) => ({ use, at: ["x", "y"].map((k) => Number(use.getAttribute(k))) }));
      const drawn = this.paths.flatMap(({ lines }) => lines.flatMap((line) => line.points));
      this.points = drawn.length ? drawn : this.uses.map(({ at }) => at);
    }
    get isCurve() { return ["mean", "line", "replicate", "background"].includes(this.role) && this.points.length; }
    get isShown() { return !this.node.classList.contains("off"); }
    values(key) { return this.points.map((p) => valueAt(this.panel.drawn[key], p[key === "x" ? 0 : 1])); }
    get stepNames() { // of the nearest ticks, where every point has one; points stand beside it, not to hide each other
      const { x } = this.panel.drawn, ticks = (x.ticks || []).map(([value, name]) => ({ name, at: placeOf(x, value) }));
      const near = this.points.map(([at]) => ticks.map((t) => ({ ...t, far: Math.abs(t.at - at) })).sort((a, b) => a.far - b.far)[0]);
      return near.every((t) => t?.far < 0.03 * x.length) ? near.map((t) => t.name) : null;
    }
    place(point) { return ["x", "y"].map((key, i) => this.panel.moved(key, point[i])); }
    redraw() {
      for (const { path, lines } of this.paths)
        path.setAttribute("d", textOf(lines.map((line) => ({ ...line, points: line.points.map((p) => this.place(p)) }))));
      for (const { use, at } of this.uses)
        this.place(at).forEach((v, i) => use.setAttribute("xy"[i], v.toFixed(2)));
    }
    get name() {
      const { replicate } = this.node.dataset, n = this.node.closest("svg").dataset.n;
      if (replicate) return `replicate ${replicate}`;
      return this.role !== "mean" ? "" : n === "1" ? "one replicate" : n ? `mean of ${n} replicates` : "mean";
    }
  }

  class Panel {
    constructor(group) {
      const { title, box, x, y } = JSON.parse(group.dataset.panel);
      Object.assign(this, { group, title, box });
      this.drawn = { x: { ...x, start: box[0], length: box[2] }, y: { ...y, start: box[1] + box[3], length: -box[3] } };
      this.now = { x: { ...this.drawn.x }, y: { ...this.drawn.y } };
      this.known = isAxis(x) && isAxis(y);
      this.marks = all("[data-role]", group)
        .filter((node) => !["label", "leader", "legend", "axis"].includes(node.dataset.role)).map((node) => new Mark(node, this));
      // what belongs to no line cannot be moved
      this.movable = this.known && !group.querySelector(":scope > [clip-path], image");
    }
    holds([x, y]) { const [left, top, width, height] = this.box; return x >= left - 9 && x <= left + width + 9 && y >= top - 9 && y <= top + height + 9; }
    moved(key, place) {
      const [drawn, now] = [this.drawn[key], this.now[key]];
      if (drawn.scale === now.scale) return place;
      const value = valueAt(drawn, place);
      if (now.scale === "log" && value <= 0) return now.start - now.length; // below the axis
      return clamp(placeOf(now, value), -5000, 5000);
    }
    rescale(key, axis) {
      this.now[key] = axis;
      this.marks.forEach((mark) => mark.redraw());
      const group = this.group.querySelector(`[data-axis="${key}"]`), isBack = axis.scale === this.drawn[key].scale;
      all(":scope > .ticks", group).forEach((node) => node.remove());
      const named = [...group.children].filter((node) => node.dataset.role !== "axis");
      named.forEach((node) => node.classList.toggle("off", !isBack));
      const text = named.map((node) => (node.matches("text") ? node : node.querySelector("text"))).find(Boolean);
      if (!isBack) this.drawTicks(key, axis, make("g", { class: "ticks" }, group), text);
      this.moveLabels();
    }
    drawTicks(key, axis, group, text) {
      const [left, top, width, height] = this.box, isY = key === "y";
      for (const value of ticksOf(axis)) {
        const at = placeOf(axis, value);
        make("path", { d: isY ? `M${left} ${at}h${width}` : `M${at} ${top}v${height}` }, group);
        if (!text) continue;
        const place = isY ? { x: left - 7, y: at + 3.6, "text-anchor": "end" } : { x: at, y: top + height + 14, "text-anchor": "middle" };
        make("text", { ...place, "font-size": text.getAttribute("font-size") || 9.5 }, group).textContent = tickText(value);
      }
    }
    moveLabels() { // names at the ends of lines, pushed apart
      const labels = all('[data-role="label"]', this.group).map((node) => {
        const mark = this.marks.find((m) => m.role === "mean" && m.series === node.dataset.series);
        const end = mark && clamp(mark.place(mark.points.at(-1))[1], this.box[1], this.box[1] + this.box[3]);
        return { node, end, at: end };
      }).filter(({ end }) => end !== undefined).sort((a, b) => a.end - b.end);
      for (let i = 1; i < labels.length; i += 1) labels[i].at = Math.max(labels[i].at, labels[i - 1].at + 13);
      let floor = Math.max(this.box[1] + this.box[3] + 4, 13 * labels.length);
      for (const label of labels.reverse()) floor = (label.at = Math.min(label.at, floor)) - 13;
      for (const { node, end, at } of labels) {
        const text = node.matches("text") ? node : node.querySelector("text");
        text.setAttribute("y", (at + 3).toFixed(2));
        const leader = all('[data-role="leader"]', this.group).find((n) => n.dataset.series === node.dataset.series);
        const path = leader && (leader.querySelector("path") || leader), [line] = path ? linesOf(path) : [];
        if (line) path.setAttribute("d", `M${line.points[0][0]} ${end}L${line.points[1][0]} ${at}`);
      }
    }
  }

  // ---- A figure: its curves tell their values, its legend switches lines.
  const tip = document.createElement("div");
  Object.assign(tip, { id: "tip", hidden: true });
  tip.setAttribute("role", "status"); // is read out when its text changes
  let told = null; // the overlay of the curve that is told about

  function silence() {
    tip.hidden = true;
    told?.remove();
    told = null;
  }
  function tell(mark, index) {
    silence();
    const { panel } = mark, point = mark.points[index], at = mark.place(point);
    const { x } = panel.drawn, step = mark.stepNames?.[index] ?? valueText(x, valueAt(x, point[0]));
    const value = valueText(panel.drawn.y, valueAt(panel.drawn.y, point[1]));
    const who = [panel.title, mark.series === panel.title ? "" : mark.series, mark.name].filter(Boolean).join(", ");
    tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: value }), ` at ${x.name} ${step}`.replace("  ", " "),
      Object.assign(document.createElement("span"), { textContent: who }));
    told = make("g", { class: "told", "aria-hidden": "true" }, panel.group);
    const copy = told.appendChild(mark.node.cloneNode(true));
    ["tabindex", "role", "data-role"].forEach((key) => copy.removeAttribute(key));
    make("circle", { cx: at[0], cy: at[1], r: 4 }, told);
    const dot = told.lastChild.getBoundingClientRect();
    tip.hidden = false;
    const left = clamp(dot.left + 14, 4, document.documentElement.clientWidth - tip.offsetWidth - 4);
    Object.assign(tip.style, { left: `${left + scrollX}px`, top: `${Math.max(dot.top - tip.offsetHeight - 8, 2) + scrollY}px` });
  }
  /** The curve and its step nearest to a place, within a dozen points of it. */
  function nearest(panels, [x, y]) {
    let best = { far: 12 };
    for (const panel of panels.filter((p) => p.known && p.holds([x, y])))
      for (const mark of panel.marks.filter((m) => m.isCurve && m.isShown)) {
        const behind = mark.role === "mean" || mark.role === "line" ? 0 : 2; // means come first
        const places = mark.points.map((p) => mark.place(p));
        places.forEach((p, index) => {
          const next = places[index + 1] || p, part = next[0] > p[0] ? clamp((x - p[0]) / (next[0] - p[0]), 0, 1) : 0;
          const far = behind + Math.hypot(x - p[0] - part * (next[0] - p[0]), y - p[1] - part * (next[1] - p[1]));
          if (far < best.far) best = { far, mark, index: part > 0.5 ? index + 1 : index };
        });
      }
    return best.mark && best;
  }

  function look(svg) {
    const panels = all(".panel", svg).map((group) => new Panel(group));
    const curves = panels.filter((p) => p.known).flatMap((p) => p.marks).filter((m) => m.isCurve && ["mean", "line"].includes(m.role));
    svg.setAttribute("aria-label", svg.querySelector("title").textContent);
    svg.querySelector("title").remove(); // or browsers show it over the values
    svg.addEventListener("pointermove", (event) => {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const found = nearest(panels, [place.x, place.y]);
      if (found) tell(found.mark, found.index); else silence();
    });
    svg.addEventListener("pointerleave", silence);
    if (!curves.length) return;
    svg.setAttribute("role", "group");
    curves.forEach((mark, number) => {
      const { node } = mark;
      let index = mark.points.length - 1;
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", [mark.panel.title, mark.series, mark.name].filter(Boolean).join(", "));
      node.setAttribute("tabindex", number ? -1 : 0); // arrows go on from the first
      node.addEventListener("focus", () => tell(mark, index));
      node.addEventListener("blur", silence);
      node.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
        const other = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (event.key === "Escape") silence();
        if (!steps && !other) return;
        event.preventDefault();
        if (other) return curves[(number + other + curves.length) % curves.length].node.focus();
        index = clamp(index + steps, 0, mark.points.length - 1);
        tell(mark, index);
      });
    });
    switchLines(svg, panels);
    switchAxes(svg, panels);
  }

  function switchLines(svg, panels) {
    const marks = panels.flatMap((p) => p.marks), names = all('[data-role="legend"], [data-role="label"]', svg);
    for (const node of names.filter((n) => n.matches("text") || n.querySelector("text"))) {
      const { series } = node.dataset, own = marks.filter((m) => m.series === series);
      if (!own.length) continue;
      const same = names.filter((n) => n.dataset.series === series);
      const flip = () => {
        const isOff = node.getAttribute("aria-pressed") === "true";
        own.forEach((m) => m.node.classList.toggle("off", isOff));
        same.forEach((n) => n.classList.toggle("pale", isOff));
        same.filter((n) => n.hasAttribute("aria-pressed")).forEach((n) => n.setAttribute("aria-pressed", !isOff));
      };
      for (const [key, value] of [["role", "button"], ["tabindex", 0], ["aria-pressed", true], ["aria-label", `Show ${series}`]]) node.setAttribute(key, value);
      same.forEach((n) => { if (n === node || !n.querySelector("text") && !n.matches("text")) n.addEventListener("click", flip); });
      node.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); flip(); }
      });
    }
  }

  function switchAxes(svg, panels) {
    const tools = svg.closest("figure")?.querySelector(".tools");
    for (const key of tools && panels.length && panels.every((p) => p.movable) ? ["y", "x"] : []) {
      const values = (some) => some.flatMap((p) => p.marks).filter((m) => m.isCurve || m.role === "published").flatMap((m) => m.values(key));
      const ranges = panels.map((p) => values([p])).filter((v) => v.length).map((v) => [Math.min(...v), Math.max(...v)]);
      const { scale, low: from, high: end } = panels[0].drawn[key], least = scale === "log" ? 0 : (end - from) * 1e-4; // no rounded zero
      const isWide = ranges.every(([low]) => low > least) && ranges.some(([low, high]) => high > 4 * low);
      const isFar = Math.max(...ranges.map((r) => r[1])) > 1e5 * Math.min(...ranges.map((r) => r[0])); // all but one are zero then
      const named = panels.some((p) => (p.drawn[key].ticks || []).some(([, name]) => Number.isNaN(Number(name)) && !/^10[⁻⁰¹²³⁴-⁹]/.test(name)));
      if (named || !isWide || isFar || panels.some((p) => p.drawn[key].scale !== scale)) continue;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Logarithmic ${key} axis` });
      button.setAttribute("aria-pressed", scale === "log");
      button.addEventListener("click", () => {
        const to = button.getAttribute("aria-pressed") === "true" ? "linear" : "log";
        silence();
        for (const panel of panels) { // those on one axis stay on one
          const drawn = panel.drawn[key], alike = panels.filter((p) => p.drawn[key].low === drawn.low && p.drawn[key].high === drawn.high);
          const own = values(alike), [low, high] = [Math.min(...own), Math.max(...own)], room = to === "log" ? (high / low) ** 0.04 : (high - low) * 0.04;
          const limits = to === "log" ? { low: low / room, high: high * room } : { low: Math.max(low - room, 0), high: high + room };
          panel.rescale(key, to === scale ? { ...drawn } : { ...drawn, scale: to, ...limits });
        }
        button.setAttribute("aria-pressed", to === "log");
      });
      tools.append(button);
    }
  }

  // ---- Tables: a click on a header sorts; numbers as numbers; a published row stays with its own.
  function sortable(table) {
    const body = table.tBodies[0], groups = [];
    for (const row of body ? body.rows : []) if (row.matches(".published") && groups.length) groups.at(-1).push(row); else groups.push([row]);
    if (groups.length < 2) return;
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      if (!button.textContent.trim()) button.setAttribute("aria-label", `Column ${column + 1}`);
      head.append(button);
      button.addEventListener("click", () => {
        const isUp = head.getAttribute("aria-sort") !== "ascending", way = isUp ? 1 : -1;
        const texts = new Map(groups.map((group) => [group, group[0].cells[column]?.dataset.sort ?? group[0].cells[column]?.textContent.trim() ?? ""]));
        const number = (text) => parseFloat(text.replace(/,/g, "").replace(/^\u2212/, "-"));
        const isNumeric = [...texts.values()].every((text) => !Number.isNaN(number(text)) || /^[\u2013-]?$/.test(text));
        groups.sort((a, b) => {
          const [one, two] = [a, b].map((group) => texts.get(group));
          if (!isNumeric) return way * one.localeCompare(two);
          const [m, n] = [number(one), number(two)]; // what is missing comes last
          return Number.isNaN(m) || Number.isNaN(n) ? Number.isNaN(m) - Number.isNaN(n) : way * (m - n);
        });
        body.append(...groups.flat());
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      });
    });
  }

  // ---- Folded parts: open where a link leads into them.
  function unfold() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) if (node.matches("details")) node.open = true;
    target?.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  document.body.append(tip);
  all("svg.plot").forEach(look);
  all("table.sortable").forEach(sortable);
  if (location.hash) unfold();
})();
