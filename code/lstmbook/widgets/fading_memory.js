// A memory that keeps one part of itself at every word, and what it still holds at each word of the sentence.

const AXIS = 120; // words, in the plot

/** -ln f, for f = sigmoid(b), exact also where f is close to 1: each word multiplies the memory by exp(-rate). */
export const rate = (bias) => Math.log1p(Math.exp(-bias));

/** f = sigmoid(b), the part of the memory that is kept at every word. */
export const forget = (bias) => 1 / (1 + Math.exp(-bias));

/** After how many words half of the memory is gone. */
export const halfLife = (bias) => Math.LN2 / rate(bias);

/** What is left of the memory `count` words later: f to the power of count. */
export const left = (bias, count) => Math.exp(-rate(bias) * count);

/** `value` with so many decimals; halves go up, and so does what rounding errors made of a half. */
function fixed(value, places) {
  const digits = `${Math.floor(value * 10 ** places + 0.5 + 1e-7)}`.padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
}

/** The bias with its one decimal and a true minus sign: −0.5. */
export const signed = (bias) => bias.toFixed(1).replace("-", "−");

/** The gate sigmoid(b) to three decimals or, close to 1, to two digits of what is missing: 0.731, 0.9933, 0.99988. */
export const decimal = (bias) => fixed(forget(bias), Math.max(3, 1 - Math.floor(Math.log10(forget(-bias)))));

/** A part of 1 in percent, to two digits of itself or of what is missing: 73 %, 99.33 %, 0.040 %; never rounded over 5 % or 50 %. */
export function percent(part) {
  if (part < 1e-5) return "less than 0.001 %";
  let places = Math.max(0, -1 - Math.floor(Math.log10(Math.min(part, 1 - part))));
  const crosses = (limit) => part >= limit !== Number(fixed(100 * part, places)) >= 100 * limit;
  while (crosses(0.05) || crosses(0.5)) places++;
  return `${fixed(100 * part, places)} %`;
}

/** A number of words: 0.2 words, 1 word, 14.3 words, 103 words, 5,617 words. */
export function words(count) {
  if (count >= 99.95) return `${`${Math.floor(count + 0.5)}`.replace(/\B(?=(\d{3})+$)/g, ",")} words`;
  const text = fixed(count, 1);
  return text === "1.0" ? "1 word" : `${text} words`;
}

/** Python's verdict, word for word. */
export function verdict({ bias, gap }) {
  const part = left(bias, gap + 5);
  const fate = part >= 0.5 ? "remembered" : part >= 0.05 ? "faint" : "forgotten";
  return (
    `With b = ${signed(bias)} the gate keeps ${percent(forget(bias))} at every word. Half is gone after ` +
    `${words(halfLife(bias))}; at the question, ${gap + 5} words later, ${percent(part)} is left: Maharashtra is ${fate}.`
  );
}

/** Python's description, word for word. */
export function description({ bias, gap }) {
  const filler = gap === 1 ? "1 filler word" : `${gap} filler words`;
  return (
    `How much of Maharashtra is left in a leaky memory after each of ${AXIS} words: all of it at the name, half after ` +
    `${words(halfLife(bias))}, ${percent(left(bias, gap + 5))} at the question behind ${filler}. ${verdict({ bias, gap })}`
  );
}

/** The words of a shown sentence, each with its number counted from the name; an ellipsis says how many it hides, and has none. */
export function places(sentence, gap) {
  const shown = sentence.split(" ");
  const hidden = gap + 6 - shown.filter((word) => word !== "…").length;
  let k = 0;
  return shown.map((word) => {
    if (word !== "…") return [word, k++];
    k += hidden;
    return [`… ${hidden} words …`, null];
  });
}

/** About how wide a sans-serif font sets a bold label of the plot, in pixels. */
const wide = (label) => 7.2 * label.length;

/** The fading as shapes, each [tag, class, attributes, text], in a frame of width by height. Python draws the same ones. */
export function plot(bias, gap, width, height) {
  const [start, end, top, bottom] = [50, width - 12, 30, height - 44];
  const half = halfLife(bias);
  const x = (count) => start + (count / AXIS) * (end - start);
  const y = (part) => bottom - part * (bottom - top);
  const at = (value) => value.toFixed(1);
  const line = (kind, x1, y1, x2, y2) => ["path", kind, { d: `M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}` }, ""];
  const text = (kind, xt, yt, anchor, label) => ["text", kind, { x: at(xt), y: at(yt), "text-anchor": anchor }, label];
  const dot = (kind, xd, yd) => ["circle", kind, { cx: at(xd), cy: at(yd), r: "5" }, ""];

  const counts = Array.from({ length: 161 }, (_, n) => AXIS * (n / 160) ** 2); // dense where the fall is steep
  const curve = counts.map((count) => `${at(x(count))} ${at(y(left(bias, count)))}`).join("L");
  const shapes = [["path", "lw-fade-area", { d: `M${at(start)} ${at(bottom)}L${curve}L${at(end)} ${at(bottom)}z` }, ""]];
  for (const part of [0, 1]) shapes.push(line("lw-fade-grid", start, y(part), end, y(part)));
  shapes.push(line("lw-fade-half", start, y(0.5), end, y(0.5)));
  for (const part of [0, 0.5, 1]) shapes.push(text("lw-fade-tick", start - 8, y(part) + 4.5, "end", `${100 * part} %`));
  for (let count = 0; count <= AXIS; count += 20) shapes.push(text("lw-fade-tick", x(count), bottom + 18, "middle", `${count}`));
  shapes.push(text("lw-fade-tick", 0, 15, "start", "left of the memory"));
  shapes.push(text("lw-fade-tick", end + 8, bottom + 36, "end", "words after Maharashtra"));
  const [asked, remains] = [gap + 5, left(bias, gap + 5)];
  shapes.push(line("lw-fade-mark", x(asked), top, x(asked), bottom));
  shapes.push(["path", "lw-fade-curve", { d: `M${curve}` }, ""]);

  // Right of a point and above it the curve is never in the way, nor left of it and below.
  const [gone, question] = [`half: ${words(half)}`, `question: ${percent(remains).replace("less than", "<")}`];
  if (half > AXIS) {
    shapes.push(text("lw-fade-under", end - 4, y(0.5) + 18, "end", `${gone} →`));
  } else {
    shapes.push(dot("lw-fade-ring", x(half), y(0.5)));
    if (x(half) + 8 + wide(gone) <= width) shapes.push(text("lw-fade-here", x(half) + 8, y(0.5) - 8, "start", gone));
    else shapes.push(text("lw-fade-under", Math.max(x(half) - 8, start + 4 + wide(gone)), y(0.5) + 18, "end", gone));
  }
  shapes.push(dot("lw-fade-dot", x(asked), y(remains)));
  const fits = x(asked) + 8 + wide(question) <= width;
  const [kind, level] = remains > (fits ? 0.85 : 0.5) ? ["lw-fade-under", bottom - 9] : ["lw-fade-here", top + 15];
  const place = fits ? [x(asked) + 8, level, "start"] : [Math.max(x(asked) - 8, start + 4 + wide(question)), level, "end"];
  shapes.push(text(kind, ...place, question));
  return shapes;
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

const hide = (node) => {
  node.setAttribute("aria-hidden", "true");
  return node;
};

function slider(model, name, { label, min, max, step, kind, show, say }) {
  const row = make("label", `lw-slider lw-fade-slider ${kind}`);
  const input = Object.assign(document.createElement("input"), { type: "range", min, max, step });
  const value = hide(make("span", "lw-value"));
  row.append(make("span", "lw-label", label), input, value);
  input.addEventListener("input", () => {
    model.set(name, Number(input.value));
    model.save_changes();
  });
  return {
    row,
    show: () => {
      input.value = model.get(name);
      value.textContent = show(model.get(name));
      input.setAttribute("aria-valuetext", say(model.get(name)));
    },
  };
}

function render({ model, el }) {
  const now = () => ({ bias: model.get("bias"), gap: model.get("gap") });
  const many = (count) => `${count} word${count === 1 ? "" : "s"}`;
  const gap = slider(model, "gap", {
    label: "gap (filler words)",
    min: 0,
    max: model.get("sentences").length - 1,
    step: 1,
    kind: "lw-fade-gap",
    show: many,
    say: many,
  });
  const bias = slider(model, "bias", {
    label: "forget gate bias b",
    min: -3,
    max: 9,
    step: 0.1,
    kind: "lw-fade-bias",
    show: signed,
    say: (value) => `${signed(value)}, so f is ${decimal(value)}`,
  });

  const box = make("section", "lw-box lw-fade-box");
  box.setAttribute("aria-label", "A memory that fades");
  const sentence = make("p", "lw-fade-sentence");

  const gauge = make("div", "lw-slider lw-fade-gauge");
  const track = make("span", "lw-fade-track");
  track.append(hide(make("i", "lw-fade-level")), make("span", "lw-fade-name", "Maharashtra"));
  const remains = make("span", "lw-value");
  gauge.append(make("span", "lw-label", "left at the question"), track, remains);

  const scale = hide(make("div", "lw-slider lw-fade-scale"));
  const marks = make("div", "lw-fade-marks");
  for (const value of [-3, 0, 1, 3, 5, 7, 9]) {
    const mark = make("span", "lw-fade-at", `${value}`.replace("-", "−"));
    mark.style.setProperty("--at", (value + 3) / 12);
    marks.append(mark);
  }
  scale.append(marks);
  const facts = make("div", "lw-fade-facts");
  const gate = make("span", "lw-fade-gate");
  const half = make("span", "lw-fade-life");
  facts.append(gate, half);

  const result = make("p", "lw-result lw-fade-result");
  result.setAttribute("role", "status");
  const said = make("span", "lw-result-text");
  result.append(said);
  const holder = make("div", "lw-fade-plot");
  holder.innerHTML = '<svg role="img"></svg>';
  const svg = holder.firstChild;
  box.append(gap.row, sentence, gauge, bias.row, scale, facts, result, holder);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  let columns = []; // the words on the page, each with its number
  const write = () => {
    columns = [];
    sentence.replaceChildren();
    for (const [word, k] of places(model.get("sentences")[model.get("gap")], model.get("gap"))) {
      const column = make("span", k === null ? "lw-fade-cut" : k ? "lw-fade-word" : "lw-fade-word lw-fade-first", word);
      if (k !== null) columns.push([column, k]);
      sentence.append(column, " ");
    }
    sentence.append(make("span", "lw-fade-blank", "____"));
  };
  const drawn = ([tag, kind, attributes, inner]) => {
    const node = document.createElementNS(svg.namespaceURI, tag);
    node.setAttribute("class", kind);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = inner;
    return node;
  };
  let width = holder.clientWidth; // measured when it changes, not at every move, which would lay the page out twice
  const sketch = () => {
    const [across, high] = [Math.max(200, width || 640), 210];
    svg.setAttribute("viewBox", `0 0 ${across} ${high}`);
    svg.replaceChildren(...plot(model.get("bias"), model.get("gap"), across, high).map(drawn));
  };
  const fade = () => {
    const state = now();
    for (const [column, k] of columns) column.style.setProperty("--left", left(state.bias, k).toFixed(4));
    track.style.setProperty("--left", left(state.bias, state.gap + 5).toFixed(4));
    remains.textContent = percent(left(state.bias, state.gap + 5)).replace("less than", "<");
    gate.textContent = `f = sigmoid(b) = ${decimal(state.bias)}`;
    half.textContent = `half is gone after ${words(halfLife(state.bias))}`;
    // A number and its percent sign stay on one line.
    said.replaceChildren(...verdict(state).split(/(\S+ %)/).map((part, n) => (n % 2 ? make("span", "lw-fade-whole", part) : part)));
    svg.setAttribute("aria-label", description(state));
    gap.show();
    bias.show();
    sketch();
  };
  const rewrite = () => {
    write();
    // Room for the longest sentence of any bias, so that nothing below it moves while the gate is dragged.
    const all = Array.from({ length: 121 }, (_, n) => verdict({ bias: n / 10 - 3, gap: model.get("gap") }));
    result.dataset.longest = all.reduce((a, b) => (b.length > a.length ? b : a)).replace(/ %/g, "\u00a0%");
    fade();
  };
  const resized = new ResizeObserver(() => {
    if (holder.clientWidth === width) return;
    width = holder.clientWidth;
    sketch();
  });
  model.on("change:gap", rewrite);
  model.on("change:bias", fade);
  rewrite();
  resized.observe(holder);

  return () => {
    resized.disconnect();
    model.off("change:gap", rewrite);
    model.off("change:bias", fade);
  };
}

export default { render };
