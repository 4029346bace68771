// A slider for each setting that differs among the states. The page shows the nearest state at
// once. A pinned state stays for comparison. A button starts a search with the chosen settings in
// the notebook's kernel. The page loads data from the notebook's own server only.
(function (root, states, search, kernel, draw) {
  "use strict";
  const { make, number } = draw;
  const said = (x) => typeof x === "number" ? number(x) : x;

  // The choices of each setting are its values in the states: numbers in rising order, texts in the
  // order of the states.
  const values = {};
  function learn(name, value) {
    const v = values[name] = values[name] || [];
    if (v.includes(value)) return;
    v.push(value);
    if (typeof value === "number") v.sort((a, b) => a - b);
  }
  for (const name of search.settings) for (const s of states) learn(name, s.settings[name]);
  const place = (name, value) => typeof value === "number" ? value : values[name].indexOf(value);
  const named = (settings) => search.settings.map((n) => n + " = " + said(settings[n])).join(", ");
  let running = false, pinned = null;
  const chosen = Object.fromEntries(Object.entries(states[0].settings).filter(([name]) => name in values));

  // JupyterLab's shortcuts would take the arrow keys.
  for (const [name, value] of Object.entries({ "data-lm-suppress-shortcuts": "true", role: "group", "aria-label": "Searches to explore: " + search.settings.join(", ") })) root.setAttribute(name, value);

  const sliders = make("div", { class: "essnas-sliders" }), labels = {}, inputs = {}, marks = {};
  for (const name of search.settings) {
    const v = values[name], free = search.steps[name]; // the slider also stops between the values, at these steps
    const slider = inputs[name] = make("input", free
      ? { type: "range", min: v[0], max: v[v.length - 1], step: free, value: chosen[name], "data-setting": name }
      : { type: "range", min: 0, max: v.length - 1, step: 1, value: v.indexOf(chosen[name]), "data-setting": name });
    slider.id = root.id + "-" + name;
    slider.setAttribute("data-lm-suppress-shortcuts", "true");
    labels[name] = make("output", { for: slider.id }, said(chosen[name]));
    marks[name] = make("div", { class: "essnas-marks", "aria-hidden": "true" });
    slider.addEventListener("input", () => {
      chosen[name] = free ? Number(slider.value) : v[Number(slider.value)];
      labels[name].textContent = said(chosen[name]);
      show();
    });
    sliders.append(make("div", { class: "essnas-slider" }, make("label", { for: slider.id }, name), make("div", {}, slider, marks[name]), labels[name]));
  }
  const button = make("button", { type: "button" }, "Search with these settings");
  const cancel = make("button", { type: "button", hidden: "" }, "Stop");
  const pin = make("button", { type: "button", "aria-pressed": "false", class: "essnas-pin" }, "Pin to compare");
  const progress = make("pre", { class: "essnas-progress", hidden: "", role: "status" });
  const head = make("p", { role: "status", "aria-live": "polite", class: "essnas-head" });
  const view = make("div", { class: "essnas-view" });
  const reason = make("span", { class: "essnas-reason" }, kernel.page ? "Run the cell to search; dragging works already." : "Searching needs JupyterLab or Notebook; dragging works here.");
  const numbers = make("details", { class: "essnas-alphas" }, make("summary", {}, "The alphas as numbers"));
  const warning = make("p", { class: "essnas-warning" });
  root.replaceChildren(make("div", { class: "essnas-controls" }, sliders, make("div", {}, make("div", { class: "essnas-buttons" }, button, cancel, pin, reason), head)), progress, view, warning, numbers);

  // nearest returns the state with the smallest difference of settings, each relative to its range.
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

  // mark shows the searched values on the tracks: filled for the present other settings, hollow for
  // different ones.
  function mark() {
    for (const name of search.settings) {
      const v = values[name], slider = inputs[name], low = Number(slider.min), high = Number(slider.max);
      marks[name].replaceChildren(...v.map((value, i) => {
        const here = states.some((s) => s.settings[name] === value && search.settings.every((n) => n === name || s.settings[n] === chosen[n]));
        const share = high > low ? ((search.steps[name] ? value : i) - low) / (high - low) : 0.5;
        return make("span", { class: here ? "essnas-searched" : "essnas-elsewhere", style: `left:calc(8px + (100% - 16px) * ${share})`, title: `searched: ${said(value)}` });
      }));
    }
  }

  // The x axis of the charts is the setting with most values. For recorded searches, which have
  // many seeds, it is ss_factor.
  const along = search.fixed && search.settings.includes("ss_factor") ? "ss_factor" : [...search.settings].sort((a, b) => values[b].length - values[a].length)[0];

  function show() {
    const [s, exact] = nearest(), score = draw.scores(states), reached = score.of(s);
    const compared = pinned && pinned !== s ? pinned : null;
    let text = exact ? "The search with " + named(s.settings) : "Not searched yet. The nearest that was, " + named(s.settings);
    text += ", on " + s.data + (s.data === states[0].data ? "" : ", other images than the first search had: the two can't be compared");
    if (reached !== null) text += `: ${reached.toFixed(1)} % ${score.unit.replace(" (%)", "")}`;
    if (compared) { const [n, all] = draw.count(s, compared); text += `. ${n} of ${all} choices differ from the pinned one.`; }
    head.textContent = text;
    head.className = "essnas-head " + (exact ? "essnas-exact" : "essnas-near");
    mark();
    for (const name of search.settings) inputs[name].setAttribute("aria-valuetext", `${said(chosen[name])}, ${exact ? "searched" : "not searched; shown is " + named(s.settings)}`);
    const cosine = search.fixed && states.some((t) => t.metrics.grad_cosine);
    const kinds = [["Accuracy", "top-1 (%)", "accuracy", 100], ["Cross-entropy", "nats", "ce", 1]];
    if (states.some((t) => t.metrics.train_bt)) kinds.push(["Barlow Twins loss", "sum", "bt", 1]);
    if (cosine) kinds.push(["Cosine of both gradients", "-1 to 1", "cosine", 1]);
    const curves = (width, height) => kinds.map(([title, unit, metric, factor]) => draw.curve(states, s, compared, title, unit, metric, factor, width, height));
    const dots = (width, height) => draw.dots(states, s, compared, along, values[along], search.band, width, height);
    const span = (n, charts) => charts.map((svg) => { svg.style.gridColumn = "span " + n; return svg; });
    const three = kinds.length === 3;
    if (compared) {
      view.replaceChildren(draw.cells(compared, s, "Pinned: " + named(compared.settings)), draw.cells(s, compared, "Shown: " + named(s.settings)),
        make("div", { class: "essnas-charts essnas-wide" }, ...span(three ? 3 : 4, [dots(three ? 222 : 300, 132), ...curves(three ? 222 : 300, 132)])));
    } else {
      view.replaceChildren(draw.cells(s, null, ""), make("div", { class: "essnas-charts" }, ...span(6, [dots(448, 128)]), ...span(three ? 2 : 3, curves(three ? 146 : 222, 122)), ...span(3, draw.heat(states, s, 222, 236))));
    }
    view.classList.toggle("essnas-comparing", Boolean(compared));
    numbers.replaceChildren(numbers.firstChild, draw.table(s));
    warning.textContent = (s.warnings || []).join(" ");
    root.dataset.shown = named(s.settings); // tests look at these two
    root.dataset.pinned = pinned ? named(pinned.settings) : "";
    button.disabled = exact || running || !kernel.there;
    reason.hidden = kernel.there || search.fixed;
    button.hidden = search.fixed;
    pin.textContent = pinned ? "Unpin" : "Pin to compare";
    pin.setAttribute("aria-pressed", String(Boolean(pinned)));
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
      // JupyterLab's stop button and a restart also interrupt the code before they kill it.
      const saved = e instanceof kernel.Failed && (stopped || e.message.includes("the work is saved"));
      progress.textContent = saved ? "Stopped, and saved: the same button goes on." : e.message;
    }
    running = false;
    cancel.hidden = true;
    show();
  }

  // add adds a new state.
  function add(state) {
    const same = (s) => JSON.stringify(s.settings) === JSON.stringify(state.settings) && s.data === state.data;
    if (!states.some(same)) states.push(state);
    for (const name of search.settings) learn(name, state.settings[name]);
  }

  button.addEventListener("click", run);
  pin.addEventListener("click", () => { pinned = pinned ? null : nearest()[0]; show(); });
  show();
  // A file beside the notebook holds earlier searches of the button.
  if (search.keep && kernel.there) kernel.beside(search.keep).then((kept) => { if (kept) { JSON.parse(kept).forEach(add); show(); } }, () => {});
})
