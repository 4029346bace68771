// A slider for each setting that differs among the states; what is shown is the state that is nearest, redrawn at once. A button lets the notebook's kernel search
// with the settings that are set. Nothing is loaded from anywhere.
(function (root, states, search, kernel) {
  "use strict";
  const blue = "#0072b2", vermillion = "#d55e00";
  const halves = ["train", "arch"]; // of the images: the weights', the architecture's
  const make = (tag, attributes, ...children) => {
    const svg = ["svg", "g", "path", "line", "text", "tspan", "rect", "circle", "title"].includes(tag);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
    e.append(...children);
    return e;
  };
  const number = (x) => Number(x.toFixed(4)).toString();
  const said = (x) => typeof x === "number" ? number(x) : x;

  // What differs among the states can be chosen: numbers by their order, texts by that of the states.
  const values = {};
  function learn(name, value) {
    const v = values[name] = values[name] || [];
    if (v.includes(value)) return;
    v.push(value);
    if (typeof value === "number") v.sort((a, b) => a - b);
  }
  for (const name of search.settings) for (const s of states) learn(name, s.settings[name]);
  const place = (name, value) => typeof value === "number" ? value : values[name].indexOf(value);
  let running = false;
  const chosen = Object.fromEntries(Object.entries(states[0].settings).filter(([name]) => name in values));

  const controls = make("div", { class: "essnas-controls" });
  const labels = {};
  for (const name of search.settings) {
    const v = values[name], last = v.length - 1;
    const free = search.steps[name]; // the slider stops between the values, too, in such steps
    const slider = make("input", free
      ? { type: "range", min: v[0], max: v[last], step: free, value: chosen[name], "data-setting": name, "aria-label": name }
      : { type: "range", min: 0, max: last, step: 1, value: v.indexOf(chosen[name]), "data-setting": name, "aria-label": name });
    labels[name] = make("output", {}, said(chosen[name]));
    slider.addEventListener("input", () => {
      chosen[name] = free ? Number(slider.value) : v[Number(slider.value)];
      labels[name].textContent = said(chosen[name]);
      show();
    });
    controls.append(make("label", {}, make("span", {}, name), slider, labels[name]));
  }
  const button = make("button", { type: "button" }, "Search with these settings");
  const cancel = make("button", { type: "button", hidden: "" }, "Stop");
  const progress = make("pre", { class: "essnas-progress", hidden: "" });
  const view = make("div", { class: "essnas-view" });
  const reason = make("span", { class: "essnas-reason" }, "Searching needs JupyterLab or Notebook; dragging works here.");
  root.replaceChildren(controls, make("div", { class: "essnas-buttons" }, button, cancel, reason), progress, view);

  // nearest is the state whose settings differ least, each by its range.
  function nearest() {
    let best = states[0], least = Infinity;
    for (const s of states) {
      let d = 0;
      for (const name of search.settings) {
        const v = values[name], range = (place(name, v[v.length - 1]) - place(name, v[0])) || 1;
        d += Math.abs(place(name, s.settings[name]) - place(name, chosen[name])) / range;
      }
      if (d < least) [best, least] = [s, d];
    }
    return [best, least < 1e-9];
  }

  function show() {
    const [s, exact] = nearest();
    const of = search.settings.map((n) => n + " = " + said(s.settings[n])).join(", ");
    const head = make("p", { class: exact ? "essnas-exact" : "essnas-near" },
      (exact ? "The search with " + of : "Not searched yet. The nearest that was, " + of) + ", on " + s.data +
      (s.data === states[0].data ? "" : ", other images than the first search had: the two can't be compared"));
    view.replaceChildren(head, numbers(s), charts(s), heat(s), cells(s));
    if (s.warnings && s.warnings.length) view.append(make("p", { class: "essnas-warning" }, s.warnings.join(" ")));
    root.dataset.shown = of; // what tests look at
    button.disabled = exact || running || !kernel.there;
    reason.hidden = kernel.there;
  }

  const last = (a) => { for (let i = (a || []).length - 1; i >= 0; i--) if (a[i] !== null) return a[i]; return null; };

  // A metric's course by epochs on a half of the images. Without self-supervision the loss is the cross-entropy; with it, the mixed loss of two ss_factors can't be
  // compared, but each term can.
  const course = (s, half, metric) => s.metrics[half + "_" + metric] || (metric === "ce" && s.metrics[half + "_loss"]) || [];

  function numbers(s) {
    const rows = [["supernet's accuracy, weights' half (%)", "train", "accuracy", 100], ["supernet's accuracy, architecture's half (%)", "arch", "accuracy", 100],
      ["cross-entropy, weights' half (nats)", "train", "ce", 1], ["Barlow Twins loss, weights' half (sum over the embedding)", "train", "bt", 1]];
    const table = make("table", { class: "essnas-numbers" });
    for (const [name, half, metric, factor] of rows) {
      const value = last(course(s, half, metric));
      if (value !== null) table.append(make("tr", {}, make("td", {}, name), make("td", {}, (value * factor).toPrecision(3))));
    }
    return table;
  }

  // The scales are the same for all states, or nothing could be compared: a few steps of 1, 2 or 5 times a power of ten.
  function scale(metric, factor) {
    let low = Infinity, high = -Infinity;
    for (const s of states) for (const half of halves) for (const v of course(s, half, metric)) if (v !== null) { low = Math.min(low, v * factor); high = Math.max(high, v * factor); }
    if (!(high > low)) [low, high] = high === low ? [low - 0.5, low + 0.5] : [0, 1];
    const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].find((n) => n * power >= rough) * power;
    const first = Math.floor(low / step), ticks = [];
    for (let i = first; ticks.length === 0 || ticks[ticks.length - 1] < high - step / 1e6; i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  }

  function charts(s) {
    const div = make("div", { class: "essnas-charts" });
    div.append(chart(s, "Accuracy", "top-1 (%)", "accuracy", 100), chart(s, "Cross-entropy", "nats", "ce", 1));
    if (states.some((t) => t.metrics.train_bt)) div.append(chart(s, "Barlow Twins loss", "sum over the embedding", "bt", 1));
    return div;
  }

  function chart(s, title, unit, metric, factor) {
    const width = 256, height = 190, left = 48, bottom = 34, top = 36, right = 10;
    const ticks = scale(metric, factor), low = ticks[0], high = ticks[ticks.length - 1];
    const most = Math.max(...states.map((t) => t.epochs.length));
    const x = (i) => left + (width - left - right) * (most > 1 ? i / (most - 1) : 0.5);
    const y = (v) => height - bottom - (height - bottom - top) * (v - low) / (high - low);
    const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
    svg.append(make("text", { x: 4, y: 13, class: "essnas-title" }, title));
    for (const v of ticks) {
      svg.append(make("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: "#ddd" }), make("text", { x: left - 4, y: y(v) + 3, "text-anchor": "end" }, v.toString()));
    }
    for (let i = 0; i < most; i++) if (most <= 12 || i % Math.ceil(most / 8) === 0) svg.append(make("text", { x: x(i), y: height - bottom + 13, "text-anchor": "middle" }, i + 1));
    svg.append(make("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle" }, "epoch"),
      make("text", { x: 10, y: (height - bottom + top) / 2, "text-anchor": "middle", transform: `rotate(-90 10 ${(height - bottom + top) / 2})` }, unit));
    if (halves.every((half) => last(course(s, half, metric)) === null)) {
      svg.append(make("text", { x: (left + width - right) / 2, y: (height - bottom + top) / 2, "text-anchor": "middle" }, "not part of this search"));
    }
    halves.forEach((half, n) => {
      const colour = [blue, vermillion][n], dashes = ["", "5 2"][n];
      svg.append(make("line", { x1: 10 + 100 * n, x2: 26 + 100 * n, y1: 24, y2: 24, stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }),
        make("text", { x: 30 + 100 * n, y: 27 }, ["weights' half", "architecture's half"][n]));
      let d = "";
      course(s, half, metric).forEach((v, i) => {
        if (v === null) return;
        d += (d ? "L" : "M") + x(i).toFixed(1) + " " + y(v * factor).toFixed(1);
        svg.append(make("circle", { cx: x(i), cy: y(v * factor), r: 2.5, fill: colour }, make("title", {}, `epoch ${i + 1}: ${number(v * factor)}`)));
      });
      svg.append(make("path", { d, fill: "none", stroke: colour, "stroke-width": 1.75, "stroke-dasharray": dashes }));
    });
    return svg;
  }

  // ColorBrewer's Blues: lightness falls all the way, so that it survives colour blindness.
  const stops = [[255, 255, 255], [222, 235, 247], [198, 219, 239], [158, 202, 225], [107, 174, 214], [66, 146, 198], [33, 113, 181], [8, 81, 156], [8, 48, 107]];
  const colour = (share) => {
    const at = Math.min(Math.max(share, 0), 1) * 8, i = Math.min(Math.floor(at), 7);
    return "rgb(" + stops[i].map((a, c) => Math.round(a + (at - i) * (stops[i + 1][c] - a))).join(",") + ")";
  };
  let lowest = Infinity, highest = 0;
  for (const s of states) for (const a of s.alphas) for (const row of a) for (const v of row) if (v >= 0) { lowest = Math.min(lowest, v); highest = Math.max(highest, v); }

  function heat(s) {
    const div = make("div", { class: "essnas-charts" });
    s.alphas.forEach((alphas, t) => {
      const w = 34, h = 17, left = 66, top = 96;
      const svg = make("svg", { width: left + w * s.operations.length + 4, height: top + h * alphas.length + 6, role: "img", "aria-label": "alphas" });
      svg.append(make("text", { x: 4, y: 13, class: "essnas-title" }, ["Normal cell", "Reduction cell"][t] + ": softmax(alpha) at the end"));
      s.operations.forEach((name, o) => {
        const x = left + w * (o + 0.5) + 3;
        svg.append(make("text", { x, y: top - 4, transform: `rotate(-90 ${x} ${top - 4})` }, name));
      });
      alphas.forEach((row, e) => {
        svg.append(subscript(s.edges[e], left - 5, top + h * e + 12));
        row.forEach((v, o) => {
          const share = (v - lowest) / ((highest - lowest) || 1);
          if (v < 0) return;
          svg.append(make("rect", { x: left + w * o, y: top + h * e, width: w, height: h, fill: colour(share), stroke: "#fff" }),
            make("text", { x: left + w * (o + 0.5), y: top + h * e + 12, "text-anchor": "middle", fill: share > 0.55 ? "#fff" : "#222" }, v.toFixed(3)));
        });
      });
      div.append(svg);
    });
    return div;
  }

  function subscript(name, x, y) { // c_{k-2} → 0
    const text = make("text", { x, y, "text-anchor": "end" });
    const m = name.match(/^(.*)_\{(.*?)\}(.*)$/);
    if (!m) { text.append(name); return text; }
    text.append(m[1], make("tspan", { dy: 3, "font-size": 7.5 }, m[2]), make("tspan", { dy: -3 }, m[3]));
    return text;
  }

  function cells(s) {
    const div = make("div", { class: "essnas-cells" });
    for (const svg of s.cells) div.insertAdjacentHTML("beforeend", svg.slice(svg.indexOf("<svg")));
    return div;
  }

  async function run() {
    running = true;
    show();
    progress.hidden = false;
    progress.textContent = "asking the kernel …";
    const code = search.code + search.settings.map((n) => `nb.Set(${JSON.stringify(n)}, ${JSON.stringify(chosen[n])})`).join(", ") + ")";
    const work = kernel.execute(code, (data) => {
      const state = data["application/vnd.essnas.state+json"];
      if (state) add(typeof state === "string" ? JSON.parse(state) : state);
      else if (data["text/plain"] && !data["image/svg+xml"]) progress.textContent = data["text/plain"];
    });
    let stopped = false;
    cancel.onclick = () => { stopped = cancel.disabled = true; cancel.textContent = "Stopping …"; work.stop(); };
    cancel.hidden = cancel.disabled = false;
    cancel.textContent = "Stop";
    try {
      await work.end;
      progress.hidden = true;
    } catch (e) {
      progress.textContent = stopped && e instanceof kernel.Failed ? "Stopped, and saved: the same button goes on." : e.message;
    }
    running = false;
    cancel.hidden = true;
    show();
  }

  function add(state) {
    states.push(state);
    for (const name of search.settings) learn(name, state.settings[name]);
  }

  button.addEventListener("click", run);
  show();
})
