// Drawings of the states of searches, as elements of a page. Each drawing has a name for screen
// readers. All states share their scales, so that readers can compare them.
(function () {
  "use strict";
  const blue = "#0072b2", vermillion = "#d55e00", grey = "#767676";
  const halves = ["train", "arch"]; // of the images: the weights', the architecture's

  const make = (tag, attributes, ...children) => {
    const svg = ["svg", "g", "path", "line", "text", "tspan", "rect", "circle", "title"].includes(tag);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
    e.append(...children);
    return e;
  };
  const number = (x) => Number(x.toFixed(4)).toString();
  const last = (a) => { for (let i = (a || []).length - 1; i >= 0; i--) if (a[i] !== null) return a[i]; return null; };

  // The curve of a metric over the epochs on a half of the images. The mixed losses of two
  // ss_factors can't be compared, but each term of the loss can.
  const course = (s, half, metric) => metric === "cosine" ? s.metrics[half === "train" ? "grad_cosine" : "arch_grad_cosine"] || [] : s.metrics[half + "_" + metric] || (metric === "ce" && s.metrics[half + "_loss"]) || [];

  // A few steps of 1, 2 or 5 times a power of ten, around all values.
  function ticks(values) {
    let low = Math.min(...values), high = Math.max(...values);
    if (!(high > low)) [low, high] = high === low ? [low - 0.5, low + 0.5] : [0, 1];
    const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].find((n) => n * power >= rough) * power;
    const all = [];
    for (let i = Math.floor(low / step); all.length === 0 || all[all.length - 1] < high - step / 1e6; i++) all.push(Number((i * step).toPrecision(12)));
    return all;
  }

  // A frame is the common part of all charts: title, axes and their names.
  function frame(name, title, unit, across, values, width, height, top) {
    const left = 40, bottom = 30, right = 8, marks = ticks(values), low = marks[0], high = marks[marks.length - 1];
    const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name });
    const y = (v) => height - bottom - (height - bottom - top) * (Math.min(Math.max(v, low), high) - low) / (high - low);
    svg.append(make("text", { x: 4, y: 12, class: "essnas-title" }, title));
    for (const v of marks) {
      svg.append(make("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: "#ddd" }), make("text", { x: left - 4, y: y(v) + 3, "text-anchor": "end" }, v.toString()));
    }
    svg.append(make("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, across),
      make("text", { x: 10, y: (height - bottom + top) / 2, "text-anchor": "middle", transform: `rotate(-90 10 ${(height - bottom + top) / 2})` }, unit));
    return { svg, y, x: (share) => left + 8 + (width - left - right - 16) * share, bottom: height - bottom, left, right: width - right };
  }

  // curve draws a metric over the epochs on both halves of the images, and the metric of a pinned
  // state in grey.
  function curve(states, s, pinned, title, unit, metric, factor, width, height) {
    const values = states.flatMap((t) => halves.flatMap((half) => course(t, half, metric))).filter((v) => v !== null).map((v) => v * factor);
    const most = Math.max(...states.map((t) => t.epochs.length)), at = (i) => most > 1 ? i / (most - 1) : 0.5;
    const ends = halves.map((half) => last(course(s, half, metric)));
    const told = ends.map((v, i) => v === null ? "" : `${["weights' half", "architecture's half"][i]} ${number(v * factor)}`).filter(Boolean).join(", ");
    const f = frame(`${title} (${unit}) by epochs; at the end ${told || "not part of this search"}`, title, unit, "epoch", values, width, height, 34);
    for (let i = 0; i < most; i++) if (i % Math.ceil(most / 6) === 0) f.svg.append(make("text", { x: f.x(at(i)), y: f.bottom + 12, "text-anchor": "middle" }, i + 1));
    if (ends.every((v) => v === null)) f.svg.append(make("text", { x: (f.left + f.right) / 2, y: f.bottom - 30, "text-anchor": "middle" }, "not in this search"));
    const line = (t, half, colour, dashes, dots) => {
      let d = "";
      course(t, half, metric).forEach((v, i) => {
        if (v === null) return;
        d += (d ? "L" : "M") + f.x(at(i)).toFixed(1) + " " + f.y(v * factor).toFixed(1);
        if (dots) f.svg.append(make("circle", { cx: f.x(at(i)), cy: f.y(v * factor), r: 2.5, fill: colour }, make("title", {}, `epoch ${i + 1}: ${number(v * factor)}`)));
      });
      f.svg.append(make("path", { d, fill: "none", stroke: colour, "stroke-width": 1.75, "stroke-dasharray": dashes }));
    };
    halves.forEach((half, n) => {
      if (pinned) line(pinned, half, "#999", ["", "5 2"][n], false);
      line(s, half, [blue, vermillion][n], ["", "5 2"][n], true);
      const from = 6 + (width > 170 ? 82 : 66) * n;
      f.svg.append(make("line", { x1: from, x2: from + 14, y1: 22, y2: 22, stroke: [blue, vermillion][n], "stroke-width": 2, "stroke-dasharray": ["", "5 2"][n] }),
        make("text", { x: from + 17, y: 25 }, ["weights", width > 170 ? "architecture" : "arch."][n]));
    });
    return f.svg;
  }

  // Student's t for 95 %, by n - 1 (1 to 9).
  const student = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26];

  // score is the accuracy for comparisons of searches: that of the trained network if all searches
  // have one, else that of the search network.
  function scores(states) {
    const trained = states.every((s) => typeof s.test === "number");
    const of = (s) => { const v = trained ? s.test : last(course(s, "arch", "accuracy")); return v === null ? null : 100 * v; };
    return { of, unit: trained ? "test accuracy of the trained network (%)" : "accuracy of the search network (%)", short: trained ? "trained, test (%)" : "search net (%)" };
  }

  // dots draws the accuracy of all searches over a setting: a dot for each search, the mean for
  // each value with its 95 % interval, chance, and a band that the caller gives.
  function dots(states, s, pinned, setting, values, band, width, height) {
    const score = scores(states), seen = states.filter((t) => score.of(t) !== null);
    const chance = states.map((t) => t.chance).find((c) => c > 0);
    const range = seen.map(score.of).concat(chance ? [100 * chance] : [], band ? [band.low, band.high] : []);
    const at = (v) => values.length > 1 ? values.indexOf(v) / (values.length - 1) : 0.5;
    const groups = values.map((v) => seen.filter((t) => t.settings[setting] === v).map(score.of));
    const mean = (g) => g.reduce((a, b) => a + b, 0) / g.length;
    const told = groups.map((g, i) => g.length ? `${values[i]}: ${mean(g).toFixed(1)} % (${g.length})` : "").filter(Boolean).join(", ");
    const f = frame(`${score.unit} by ${setting}, mean and number of searches: ${told}`, "Accuracy by " + setting, score.short, setting, range, width, height, 22);
    if (band) {
      f.svg.append(make("rect", { x: f.left, width: f.right - f.left, y: f.y(band.high), height: Math.max(1, f.y(band.low) - f.y(band.high)), fill: "#e9e2c8" }, make("title", {}, band.name)),
        make("text", { x: f.right - 2, y: f.y(band.high) - 2, "text-anchor": "end" }, band.name));
    }
    if (chance) {
      f.svg.append(make("line", { x1: f.left, x2: f.right, y1: f.y(100 * chance), y2: f.y(100 * chance), stroke: grey, "stroke-dasharray": "3 3" }),
        make("text", { x: f.right - 2, y: f.y(100 * chance) - 3, "text-anchor": "end" }, "chance"));
    }
    groups.forEach((g, i) => {
      const x = f.x(at(values[i]));
      f.svg.append(make("text", { x, y: f.bottom + 12, "text-anchor": "middle" }, String(values[i]).length > 9 ? i + 1 : values[i]));
      if (g.length < 2) return;
      const m = mean(g), deviation = Math.sqrt(g.reduce((a, v) => a + (v - m) ** 2, 0) / (g.length - 1)), half = student[Math.min(g.length - 2, 8)] * deviation / Math.sqrt(g.length);
      f.svg.append(make("line", { x1: x + 7, x2: x + 7, y1: f.y(m - half), y2: f.y(m + half), stroke: "#222" }), make("line", { x1: x + 3, x2: x + 11, y1: f.y(m), y2: f.y(m), stroke: "#222", "stroke-width": 2 }));
    });
    for (const t of seen) {
      const shown = t === s, kept = t === pinned;
      f.svg.append(make("circle", { cx: f.x(at(t.settings[setting])), cy: f.y(score.of(t)), r: shown || kept ? 5 : 3, fill: shown ? vermillion : kept ? "#fff" : blue, "fill-opacity": shown || kept ? 1 : 0.6, stroke: kept ? "#222" : shown ? "#fff" : "none", "stroke-width": kept ? 2 : 1 },
        make("title", {}, `${setting} ${t.settings[setting]}, seed ${t.settings.seed}: ${score.of(t).toFixed(1)} %`)));
    }
    return f.svg;
  }

  // ColorBrewer's Blues, whose lightness falls steadily, for colour-blind readers.
  const stops = [[255, 255, 255], [222, 235, 247], [198, 219, 239], [158, 202, 225], [107, 174, 214], [66, 146, 198], [33, 113, 181], [8, 81, 156], [8, 48, 107]];
  const ramp = (share) => {
    const at = Math.min(Math.max(share, 0), 1) * 8, i = Math.min(Math.floor(at), 7);
    return "rgb(" + stops[i].map((a, c) => Math.round(a + (at - i) * (stops[i + 1][c] - a))).join(",") + ")";
  };
  const types = ["Normal cell", "Reduction cell"];
  const plain = (edge) => edge.replace(/c_\{k-(\d)\}/g, "k−$1");

  // heat draws softmax(alpha) of both types of cells; the numbers are in a table below.
  function heat(states, s, width, height) {
    const all = states.flatMap((t) => t.alphas.flat(2)).filter((v) => v >= 0), lowest = Math.min(...all), range = Math.max(...all) - lowest || 1;
    return s.alphas.map((alphas, t) => {
      const left = 54, top = 92, w = (width - left - 4) / s.operations.length, h = (height - top - 2) / alphas.length;
      const best = alphas.map((row, e) => `${plain(s.edges[e])}: ${s.operations[row.indexOf(Math.max(...row))]} ${Math.max(...row).toFixed(2)}`).join("; ");
      const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${types[t]}, softmax of alpha at the end; the largest of each edge: ${best}` });
      svg.append(make("text", { x: 4, y: 12, class: "essnas-title" }, types[t] + ": softmax(alpha)"));
      s.operations.forEach((name, o) => { const x = left + w * (o + 0.5) + 3; svg.append(make("text", { x, y: top - 3, transform: `rotate(-90 ${x} ${top - 3})` }, name)); });
      alphas.forEach((row, e) => {
        svg.append(make("text", { x: left - 4, y: top + h * (e + 0.5) + 3.5, "text-anchor": "end" }, plain(s.edges[e])));
        row.forEach((v, o) => {
          if (v < 0) return;
          svg.append(make("rect", { x: left + w * o, y: top + h * e, width: w, height: h, fill: ramp((v - lowest) / range), stroke: "#fff", "stroke-width": 0.5 }, make("title", {}, `${plain(s.edges[e])}, ${s.operations[o]}: ${v.toFixed(3)}`)));
        });
      });
      return svg;
    });
  }

  function table(s) {
    const body = make("div", { class: "essnas-tables" });
    s.alphas.forEach((alphas, t) => {
      const head = make("tr", {}, make("th", { scope: "col" }, "edge"), ...s.operations.map((o) => make("th", { scope: "col" }, o)));
      body.append(make("table", {}, make("caption", {}, types[t] + ": softmax(alpha) at the end"), make("thead", {}, head),
        make("tbody", {}, ...alphas.map((row, e) => make("tr", {}, make("th", { scope: "row" }, plain(s.edges[e])), ...row.map((v) => make("td", {}, v < 0 ? "–" : v.toFixed(3))))))));
    });
    return body;
  }

  // genes returns the choices of both cells: for each state its operations, by the numbers of their
  // inputs.
  function genes(s) {
    return ["normal", "reduce"].map((type) => {
      const list = (s.genotype.match(new RegExp(type + "=\\[(.*?)\\]")) || ["", ""])[1];
      const all = [...list.matchAll(/\('([^']+)', (\d+)\)/g)].map((m) => ({ op: m[1], input: Number(m[2]) }));
      return all.reduce((rows, gene, i) => { if (i % 2) rows[rows.length - 1].push(gene); else rows.push([gene]); return rows; }, []);
    });
  }
  const node = (i) => ["k−2", "k−1"][i] || String(i - 2); // the drawings' name of an earlier cell or of a state

  // differs reports whether the other search has another operation at this place, or none.
  const differs = (gene, theirs) => Boolean(theirs) && !theirs.some((g) => g.op === gene.op && g.input === gene.input);

  // cells draws both cells, and a table of their choices with a row for each state and a column for
  // each input. It marks choices that the other search lacks.
  function cells(s, other, title) {
    const theirs = other && genes(other), div = make("div", { class: "essnas-cells" });
    if (title) div.append(make("p", { class: "essnas-which" }, title));
    genes(s).forEach((cell, t) => {
      const said = cell.map((row, i) => `state ${i}: ${row.map((g) => `${g.op} of ${node(g.input)}`).join(" and ")}`).join("; ");
      const holder = make("div", { class: "essnas-cell" });
      holder.insertAdjacentHTML("beforeend", s.cells[t].slice(s.cells[t].indexOf("<svg")));
      for (const [name, value] of Object.entries({ role: "img", "aria-label": `${types[t]}. ${said}` })) holder.firstElementChild.setAttribute(name, value);
      const inputs = cell.map((_, i) => i).slice(0, -1), columns = [0, 1, ...inputs.map((i) => i + 2)];
      const body = cell.map((row, i) => make("tr", {}, make("th", { scope: "row" }, String(i)), ...columns.map((c) => {
        const there = row.filter((g) => g.input === c);
        return make("td", there.length ? { class: "essnas-choice" } : {}, ...there.flatMap((g, n) => [n ? " + " : "", differs(g, theirs && (theirs[t][i] || [])) ? make("mark", { title: "differs" }, make("span", { class: "essnas-heard" }, "differs: "), g.op) : g.op]));
      })));
      div.append(holder, make("table", {}, make("caption", {}, types[t] + ": operations of each state (row) by their input (column)"),
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "state"), ...columns.map((c) => make("th", { scope: "col" }, node(c))))), make("tbody", {}, ...body)));
    });
    return div;
  }

  // count returns the number of different choices and the number of all choices.
  function count(s, other) {
    const own = genes(s), theirs = genes(other);
    const all = own.flatMap((cell, t) => cell.flatMap((row, i) => row.map((g) => differs(g, theirs[t][i] || []))));
    return [all.filter(Boolean).length, all.length];
  }

  return { make, number, curve, dots, heat, table, cells, count, scores, last, course };
})()
