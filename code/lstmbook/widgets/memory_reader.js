// A trained plain RNN and a trained LSTM that read a sentence word by word: what they hold, and what they would answer.

export const [LONGEST, DRAWS] = [60, 1000];
const LEVELS = 10; // of colour, on each side of zero
const EDGE = 0.4; // of the height of a divided cell is above, and as much below
export const LOOKS = {
  c: "cell state c",
  h: "hidden state h",
  i: "input gate i",
  f: "forget gate f",
  g: "candidate g",
  o: "output gate o",
};
const KINDS = { c: "cell", h: "hidden", i: "input", f: "forget", g: "candidate", o: "output" };
const NAMES = { RNN: "plain RNN", LSTM: "LSTM" };
const TRAITS = ["state", "gap", "filler", "word", "shown", "draw"];

export const sigmoid = (z) => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));

/** The beliefs that belong to scores: positive, and their sum is 1. */
export function softmax(scores) {
  const most = Math.max(...scores);
  const grown = Array.from(scores, (score) => Math.exp(score - most));
  const sum = grown.reduce((total, each) => total + each, 0);
  return grown.map((each) => each / sum);
}

/** The numbers of a text in base64: float32, little endian. */
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 4 }, (_, n) => view.getFloat32(4 * n, true));
}

/** A network from what Python has packed: E (words, D), W (gates H, D), U (gates H, H), b, V (classes, H), d, each row by row. */
export function unpack({ features, units, numbers: text }, gates, words, classes) {
  const all = numbers(text);
  const sizes = { E: words * features, W: gates * units * features, U: gates * units * units, b: gates * units, V: classes * units, d: classes };
  const network = { features, units, gates };
  let start = 0;
  for (const [name, size] of Object.entries(sizes)) network[name] = all.subarray(start, (start += size));
  return network;
}

function times(sum, matrix, vector) {
  const columns = vector.length;
  for (let row = 0, n = 0; row < sum.length; row++) {
    let total = 0;
    for (let k = 0; k < columns; k++) total += matrix[n++] * vector[k];
    sum[row] += total;
  }
  return sum;
}

/** Read the numbers of words: a row for each word of h and beliefs, and for an LSTM of c, i, f, g and o. */
export function read({ features, units: H, gates, E, W, U, b, V, d }, tokens) {
  const held = gates === 1 ? { h: [] } : { h: [], c: [], i: [], f: [], g: [], o: [] };
  held.beliefs = [];
  let h = new Float64Array(H);
  let c = new Float64Array(H);
  for (const token of tokens) {
    const z = times(times(Float64Array.from(b), W, E.subarray(token * features, (token + 1) * features)), U, h);
    if (gates === 1) h = z.map(Math.tanh);
    else {
      const [i, f, g, o] = [sigmoid, sigmoid, Math.tanh, sigmoid].map((squash, n) => z.subarray(n * H, (n + 1) * H).map(squash));
      c = c.map((old, n) => f[n] * old + i[n] * g[n]);
      h = c.map((now, n) => o[n] * Math.tanh(now));
      for (const [name, row] of Object.entries({ c, i, f, g, o })) held[name].push(row);
    }
    held.h.push(h);
    held.beliefs.push(softmax(times(Float64Array.from(d), V, h)));
  }
  return held;
}

/** A generator of even numbers in [0, 1): mulberry32. */
export function uniforms(seed) {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many filler words: an opener if they begin the sentence, whole clauses, and a last "and" where one word is left. */
export function between(gap, draw, { openers, clauses }, opening = true) {
  const next = uniforms(draw);
  const shuffled = (given) => {
    const items = [...given];
    for (let n = items.length - 1; n > 0 && draw; n--) {
      const k = Math.floor(next() * (n + 1));
      [items[n], items[k]] = [items[k], items[n]];
    }
    return items.map((text) => text.split(" "));
  };
  const words = [];
  if (gap && opening) words.push(...shuffled(openers).find((opener) => opener.length <= gap));
  while (gap - words.length > 1) {
    for (const clause of shuffled(clauses)) if (words.length + clause.length <= gap) words.push(...clause);
  }
  while (words.length < gap) words.push("and");
  return words;
}

const same = (one, other) => one.length === other.length && one.every((word, n) => word === other[n]);

/** The filler words for another gap: new ones, unless they are words of the reader's own. Those stay, cut or with more behind them. */
export function stretched(filler, gap, draw, texts) {
  if (same(filler, between(filler.length, draw, texts))) return between(gap, draw, texts);
  return [...filler.slice(0, gap), ...between(Math.max(0, gap - filler.length), draw, texts, false)];
}

/** Which word is looked at when the gap has changed: the same one of the question, or the same one before it if it is still there. */
export const followed = (word, before, after) => (word <= 1 + before ? Math.min(word, 1 + after) : word + after - before);

/** The words of a text as the vocabulary has them, and the first word that it does not have (or an empty text). */
export function parsed(text, vocabulary) {
  const known = new Map(vocabulary.map((word) => [word.toLowerCase(), word]));
  const raw = text.split(/\s+/).map((word) => word.replace(/^[,.:;!?"'“”‘’()…_]+|[,.:;!?"'“”‘’()…_]+$/g, "")).filter(Boolean);
  const words = [];
  for (let n = 0; n < raw.length; n++) {
    const pair = n + 1 < raw.length ? known.get(`${raw[n]} ${raw[n + 1]}`.toLowerCase()) : undefined;
    const one = pair ?? known.get(raw[n].toLowerCase());
    if (one === undefined) return [words, raw[n]];
    words.push(one);
    if (pair) n++;
  }
  return [words, ""];
}

/** The numbers of the languages with the largest beliefs, the largest first; equal ones in their own order. */
export const best = (beliefs, count = 3) =>
  [...beliefs.keys()].sort((one, other) => beliefs[other] - beliefs[one] || one - other).slice(0, count);

/** A part of 1 in whole percents, halves up, with "<1 %" and ">99 %" at the ends. */
export function short(part) {
  const whole = Math.floor(100 * part + 0.5);
  return whole < 1 ? "<1 %" : whole > 99 ? ">99 %" : `${whole} %`;
}

/** The same in words: less than 1 %, 31 %, more than 99 %. */
export const percent = (part) => short(part).replace("<", "less than ").replace(">", "more than ");

/** A number to two decimals, halves up, with a true minus sign; never minus zero. */
export function signed(value) {
  const hundredths = Math.floor(100 * Math.abs(value) + 0.5);
  const text = `${Math.floor(hundredths / 100)}.${`${hundredths % 100}`.padStart(2, "0")}`;
  return value < 0 && hundredths ? `−${text}` : text;
}

/** Python's verdict, word for word: what both networks say after one word, given their beliefs there, and who is right. */
export function verdict(words, word, beliefs, answer, languages) {
  const said = (kind) => {
    const [k] = best(beliefs[kind], 1);
    return `${languages[k]} (${percent(beliefs[kind][k])})`;
  };
  const right = (kind) => languages[best(beliefs[kind], 1)[0]] === answer;
  const who = right("LSTM") ? (right("RNN") ? "both are" : "only the LSTM is") : right("RNN") ? "only the plain RNN is" : "neither is";
  const says = word === words.length ? "says" : "would say";
  return (
    `After “${words[word - 1]}”, word ${word} of ${words.length}, the LSTM ${says} ${said("LSTM")} and the plain RNN ${said("RNN")}. ` +
    `The answer is ${answer}: ${who} right.`
  );
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** What the chart of a network shows, in Python's words. */
export function told(kind, what, values, belief, word, answer) {
  const row = [...values[word - 1]];
  const k = row.reduce((most, value, n) => (Math.abs(value) > Math.abs(row[most]) ? n : most), 0);
  let [low, high] = [Infinity, -Infinity];
  for (const each of values) for (const value of each) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return (
    `${capital(NAMES[kind])}, ${LOOKS[what]}: ${row.length} units by ${values.length} words, from ${signed(low)} to ` +
    `${signed(high)}; after word ${word} the largest is ${signed(row[k])} in unit ${k + 1}. ` +
    `Belief in ${answer} there: ${percent(belief[word - 1])}.`
  );
}

/** At which size a value has its full colour: 1, or for the cell state a round number that no value exceeds. */
export function limitOf(what, values) {
  let most = 1;
  if (what === "c") for (const row of values) for (const value of row) most = Math.max(most, Math.abs(value));
  return [1, 2, 3, 5, 10, 20, 30, 50, 100].find((limit) => most <= limit);
}

/** Where a chart has its parts: the map's columns from `left` to `right`, its rows from `top` to `bottom`; bars from `bars`. */
export function frame(width, units, count) {
  const room = Math.max(54, Math.floor(0.22 * width));
  const row = Math.min(9, Math.max(5, Math.floor(336 / units) / 2));
  const [left, right, top] = [30, width - room - 14, 88];
  const bottom = top + row * units;
  return { left, right, bars: right + 14, top, bottom, row, column: (right - left) / count, height: bottom + 82 };
}

const at = (value) => {
  const text = value.toFixed(1);
  return text === "-0.0" ? "0.0" : text;
};

const levelOf = (value, limit) => Math.sign(value) * Math.min(LEVELS, Math.floor((LEVELS * Math.abs(value)) / limit + 0.5));

/** A stretch of cells as lines along the middle of what they fill: one, or above and below for a divided cell. */
function cell(x, y, wide, tall, divided) {
  const line = (share) => `M${at(x)} ${at(y + share * tall)}h${at(wide)}`;
  return divided ? line(EDGE / 2) + line(1 - EDGE / 2) : line(0.5);
}

/** How cells of a level are drawn, from levels below zero to those above. */
function shade(level, tall, d) {
  const size = tall * (level < 0 ? EDGE : 1);
  const look = { "stroke-width": size.toFixed(2), "stroke-opacity": (Math.abs(level) / LEVELS).toFixed(1) };
  return ["path", `lw-mem-cells lw-mem-${level < 0 ? "minus" : "plus"}`, { d, ...look }, ""];
}

/**
 * What a network holds as shapes, each [tag, class, attributes, text], in a frame of `width`. Python draws the same ones.
 * Above, the belief in the answer; below it the values as a map, a row for each unit and a column for each word; beside it the values
 * after the word that is looked at as bars. A negative value is a divided cell.
 */
export function chart(what, values, belief, words, word, answer, width, asked = 5) {
  const [units, count, signs] = [values[0].length, words.length, "cgh".includes(what)];
  const [f, limit] = [frame(width, units, count), limitOf(what, values)];
  const { left, right, top, bottom, row, column, bars } = f;
  const [low, high] = [76, 24]; // the belief, 0 and 1
  const text = (kind, x, y, anchor, label) => ["text", `lw-mem-${kind}`, { x: at(x), y: at(y), "text-anchor": anchor }, label];
  const path = (kind, d) => ["path", `lw-mem-${kind}`, { d }, ""];
  const rect = (kind, x, y, wide, tall) => ["rect", `lw-mem-${kind}`, { x: at(x), y: at(y), width: at(wide), height: at(tall) }, ""];
  const y = (part) => low - part * (low - high);

  const shapes = [text("tick", left, 13, "start", `belief in ${answer}, %`)];
  for (const part of [0, 0.5, 1]) {
    shapes.push(path("rule", `M${at(left)} ${at(y(part))}H${at(right)}`));
    shapes.push(text("tick", left - 6, y(part) + 4, "end", `${100 * part}`));
  }
  shapes.push(rect("ground", left, top, right - left, bottom - top));

  const cells = new Map(); // what is drawn of each level: stretches of equal colour
  for (let unit = 0; unit < units; unit++) {
    const levels = values.map((each) => levelOf(each[unit], limit));
    for (let start = 0, n = 1; n <= count; n++) {
      if (n < count && levels[n] === levels[start]) continue;
      const level = levels[start] + 0;
      if (level) {
        const d = cell(left + start * column, top + unit * row, (n - start) * column, row - 0.7, level < 0);
        cells.set(level, (cells.get(level) ?? "") + d);
      }
      start = n;
    }
  }
  for (const level of [...cells.keys()].sort((one, other) => one - other)) shapes.push(shade(level, row - 0.7, cells.get(level)));
  for (const edge of [left + column, right - asked * column]) shapes.push(path("edge", `M${at(edge)} ${at(top - 4)}V${at(bottom + 5)}`));

  const points = belief.map((part, n) => `${at(left + (n + 0.5) * column)} ${at(y(part))}`);
  shapes.push(path("line", `M${points.join("L")}`));
  const here = [left + (word - 1) * column, high - 5, Math.max(column, 2), bottom - high + 6];
  shapes.push(rect("halo", ...here), rect("here", ...here));
  shapes.push(["circle", "lw-mem-dot", { cx: at(left + (word - 0.5) * column), cy: at(y(belief[word - 1])), r: "4" }, ""]);

  const every = [1, 2, 4, 5, 8, 10, 16, 32].find((step) => step * row >= 26);
  for (let unit = 1; unit <= units; unit++) {
    if (unit % every === 0 || (unit === 1 && every > 2)) shapes.push(text("tick", left - 6, top + (unit - 0.5) * row + 4, "end", `${unit}`));
  }
  shapes.push(text("tick", left - 6, bottom + 17, "end", "unit"));
  shapes.push(text("tick", left, bottom + 17, "start", "name"));
  shapes.push(text("tick", right, bottom + 17, "end", "question"));
  const wide = 8.6 * words[word - 1].length;
  const middle = Math.min(Math.max(left + (word - 0.5) * column, left + wide / 2), right - wide / 2);
  shapes.push(text("word", middle, bottom + 34, "middle", words[word - 1]));

  const end = width - 2;
  const zero = signs ? (bars + end) / 2 : bars;
  shapes.push(text("number", bars, 56, "start", short(belief[word - 1])));
  values[word - 1].forEach((value, unit) => {
    const long = Math.min(1, Math.abs(value) / limit) * (end - zero);
    shapes.push(rect(value < 0 ? "bar lw-mem-minus" : "bar lw-mem-plus", value < 0 ? zero - long : zero, top + unit * row + 0.3, long, row - 1.3));
  });
  shapes.push(path("rule", `M${at(zero)} ${at(top)}V${at(bottom)}`));
  const ticks = signs ? [[-limit, bars, "start"], [0, zero, "middle"], [limit, end, "end"]] : [[0, zero, "start"], [limit, end, "end"]];
  if (signs && end - zero < 12 + 8 * `−${limit}`.length) ticks.splice(1, 1);
  for (const [value, x, anchor] of ticks) shapes.push(text("tick", x, bottom + 17, anchor, `${value}`.replace("-", "−")));

  let [x, yl] = [0, bottom + 48];
  shapes.push(text("tick", x, yl + 10, "start", signs ? `−${limit}` : "0, shut"));
  x += 7 + 8.2 * (signs ? `${limit}`.length + 1 : 6);
  for (const level of signs ? [-10, -8, -6, -4, -2, 2, 4, 6, 8, 10] : [2, 4, 6, 8, 10]) {
    shapes.push(shade(level, 11, cell(x, yl, 11, 11, level < 0)));
    x += level === -2 ? 18 : 12;
  }
  shapes.push(text("tick", x + 4, yl + 10, "start", signs ? `${limit}` : "1, open"));
  const range = [Math.min(...values[word - 1]), Math.max(...values[word - 1])];
  shapes.push(text("tick", 0, yl + 29, "start", `at the mark: ${range.map(signed).join(" to ")}`));
  return shapes;
}

// The page.

function make(tag, className, text = "", attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function drawn(svg, [tag, kind, attributes, inner]) {
  const node = document.createElementNS(svg.namespaceURI, tag);
  node.setAttribute("class", kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = inner;
  return node;
}

/** Draw shapes into a picture and leave those alone that are there already. `keys` says what is there, and is brought up to date. */
function redraw(svg, shapes, keys) {
  shapes.forEach((shape, n) => {
    const key = JSON.stringify(shape);
    if (keys[n] === key) return;
    if (n < keys.length) svg.childNodes[n].replaceWith(drawn(svg, shape));
    else svg.append(drawn(svg, shape));
    keys[n] = key;
  });
  while (keys.length > shapes.length) {
    svg.lastChild.remove();
    keys.pop();
  }
}

function slider(label, kind, attributes, choose) {
  const row = make("label", `lw-slider lw-mem-slider ${kind}`);
  const input = make("input", "", "", { type: "range", step: 1, ...attributes });
  const value = make("span", "lw-value", "", { "aria-hidden": "true" });
  row.append(make("span", "lw-label", label), input, value);
  input.addEventListener("input", () => choose(Number(input.value)));
  return { row, input, value };
}

const many = (count) => `${count} word${count === 1 ? "" : "s"}`;

function render({ model, el }) {
  const fixed = ["vocabulary", "languages", "spoken", "question", "openers", "clauses", "weights"];
  const { vocabulary, languages, spoken, question, openers, clauses, weights } = Object.fromEntries(fixed.map((name) => [name, model.get(name)]));
  const states = vocabulary.slice(0, spoken.length);
  const token = new Map(vocabulary.map((word, n) => [word, n]));
  const networks = {
    RNN: unpack(weights.RNN, 1, vocabulary.length, languages.length),
    LSTM: unpack(weights.LSTM, 4, vocabulary.length, languages.length),
  };
  const texts = { openers, clauses };
  let busy = false;
  let own = []; // the reader's own words, as long as they ever were
  const commit = (changes) => {
    busy = true;
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    busy = false;
    model.save_changes();
    show();
  };
  const say = (filler, more = {}) =>
    commit({ filler, gap: filler.length, word: followed(model.get("word"), model.get("filler").length, filler.length), ...more });

  const box = make("section", "lw-box lw-mem", "", { "aria-label": "The reader of memories" });

  // The sentence and what changes it.
  const chosen = make("label", "lw-slider lw-mem-state");
  const select = make("select", "lw-mem-select");
  for (const name of states) select.append(make("option", "", name, { value: name }));
  select.addEventListener("change", () => commit({ state: select.value }));
  const title = make("span", "lw-label", "state");
  title.append(make("span", "lw-mem-roomy", " of India"));
  chosen.append(title, select);
  const gap = slider("gap (filler words)", "lw-mem-gap", { min: 0, max: LONGEST }, (value) => {
    const filler = model.get("filler");
    const from = own.length > filler.length && same(own.slice(0, filler.length), filler) ? own : filler;
    say(stretched(from, value, model.get("draw"), texts));
  });
  const buttons = make("div", "lw-mem-buttons");
  const other = make("button", "lw-button lw-mem-button", "other words", { type: "button" });
  other.addEventListener("click", () => {
    const draw = (model.get("draw") + 1) % DRAWS;
    own = [];
    say(between(model.get("filler").length, draw, texts), { draw });
  });
  const editor = `lw-${Math.random().toString(36).slice(2)}`;
  const open = make("button", "lw-button lw-mem-button", "your own words", { type: "button", "aria-expanded": "false", "aria-controls": editor });
  buttons.append(other, open);
  const edit = make("div", "lw-mem-edit", "", { id: editor });
  edit.hidden = true;
  open.addEventListener("click", () => {
    edit.hidden = !edit.hidden;
    open.setAttribute("aria-expanded", !edit.hidden);
    if (!edit.hidden) field.focus();
  });
  const writing = make("label", "lw-mem-writing");
  const field = make("textarea", "lw-mem-field", "", { rows: 3, spellcheck: "false", autocapitalize: "none", autocomplete: "off" });
  writing.append(make("span", "lw-label", "the filler words"), field);
  const problem = make("p", "lw-mem-problem", "", { "aria-live": "polite", id: `${editor}-problem` });
  field.setAttribute("aria-describedby", problem.id);
  const replace = make("label", "lw-slider lw-mem-replace");
  const replaced = make("span", "lw-label");
  const known = make("select", "lw-mem-select");
  for (const [label, list] of [["words", vocabulary.slice(states.length)], ["states", states]]) {
    const group = make("optgroup", "", "", { label });
    for (const word of list) group.append(make("option", "", word, { value: word }));
    known.append(group);
  }
  replace.append(replaced, known);
  known.addEventListener("change", () => {
    const filler = [...model.get("filler")];
    filler[model.get("word") - 2] = known.value;
    own = filler;
    say(filler);
  });
  edit.append(writing, problem, replace);
  const sentence = make("div", "lw-mem-sentence", "", { role: "listbox", "aria-label": "The sentence", "aria-orientation": "horizontal" });
  const place = slider("word", "lw-mem-place", { min: 1 }, (word) => commit({ word }));
  const result = make("p", "lw-result lw-mem-result", "", { role: "status" });

  // Words that are typed count as soon as all are known; what is wrong with them is said when the typing pauses or ends.
  let pause;
  let wrong = false; // what is typed cannot be read, and stays in the field until it can
  let typing = false; // the change comes from the field, which keeps what is typed as it is
  const complain = (told) => {
    if (problem.textContent !== told) problem.textContent = told;
    if (told) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  const typed = (ended) => {
    clearTimeout(pause);
    const [words, unknown] = parsed(field.value, vocabulary);
    wrong = Boolean(unknown) || words.length > LONGEST;
    if (!wrong) {
      complain("");
      if (same(words, model.get("filler"))) return;
      own = words;
      typing = true;
      say(words);
      typing = false;
      return;
    }
    const told = unknown
      ? `The networks do not know “${unknown}”, so they still read the sentence below. The list has every word that they know.`
      : `These are ${words.length} words, but at most ${LONGEST} fit, so the networks still read the sentence below.`;
    if (ended) complain(told);
    else pause = setTimeout(() => complain(told), 900);
  };
  field.addEventListener("input", () => typed(false));
  field.addEventListener("change", () => typed(true));
  field.addEventListener("blur", () => {
    if (!wrong) field.value = model.get("filler").join(" ");
  });

  // What is looked at.
  const looks = make("fieldset", "lw-mem-looks");
  looks.append(make("legend", "lw-mem-unseen", "what is shown of the LSTM"));
  const group = `lw-${Math.random().toString(36).slice(2)}`; // radio buttons of one name are one group in the whole page
  const radios = Object.entries(LOOKS).map(([letter, name]) => {
    const option = make("label", "", "", { "data-kind": KINDS[letter] });
    const input = make("input", "", "", { type: "radio", name: group, value: letter });
    input.addEventListener("change", () => commit({ shown: letter }));
    const [first, ...rest] = name.split(" ");
    const title = make("span", "", first);
    title.append(make("span", "lw-mem-spare", ` ${rest.slice(0, -1).join(" ")}`), " ", make("b", "", letter));
    option.append(input, title);
    looks.append(option);
    return input;
  });

  const panels = make("div", "lw-mem-panels");
  const made = Object.keys(networks).map((kind) => {
    const panel = make("section", "lw-mem-panel", "", { "data-network": kind, "aria-label": capital(NAMES[kind]) });
    const head = make("p", "lw-mem-head", capital(NAMES[kind]));
    const hint = make("div", "lw-mem-hint");
    if (kind === "RNN") {
      hint.append(make("p", "", "no gates, one memory: its hidden state\u00a0h", { "data-kind": "hidden" }));
      hint.append(make("p", "lw-mem-key", "A row is a unit, a column a word. A cell in two halves is a negative number."));
    }
    if (kind === "LSTM") hint.append(looks);
    const holder = make("div", "lw-mem-chart");
    holder.innerHTML = '<svg role="img"></svg>';
    const top3 = make("ol", "lw-mem-best", "", { "aria-label": `What the ${NAMES[kind]} believes in most` });
    panel.append(head, hint, holder, top3);
    panels.append(panel);
    return { kind, panel, holder, svg: holder.firstChild, keys: [], top3 };
  });
  box.append(chosen, gap.row, buttons, edit, sentence, place.row, result, panels);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const words = () => [model.get("state"), ...model.get("filler"), ...question];
  const choose = (word) => {
    const to = Math.min(Math.max(word, 1), words().length);
    if (to !== model.get("word")) commit({ word: to });
  };
  sentence.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(Number(option.dataset.n));
  });
  sentence.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.shiftKey || event.ctrlKey) return;
    const now = model.get("word");
    const to = { ArrowLeft: now - 1, ArrowUp: now - 1, ArrowRight: now + 1, ArrowDown: now + 1, Home: 1, End: Infinity }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  });
  for (const { holder, kind } of made) {
    const pick = (event) => {
      const { left, right, column } = frame(width, networks[kind].units, words().length);
      const x = event.clientX - holder.getBoundingClientRect().left;
      if (x >= left - 6 && x <= right + 6) choose(Math.floor((x - left) / column) + 1);
    };
    // A finger that scrolls the page on its way over the chart selects nothing: it has to move sideways, or tap.
    let from = null;
    holder.addEventListener("pointerdown", (event) => {
      from = event.clientX;
      if (event.pointerType === "mouse") pick(event);
    });
    holder.addEventListener("pointermove", (event) => {
      if (!event.buttons || from === null || (event.pointerType !== "mouse" && Math.abs(event.clientX - from) < 8)) return;
      from = Infinity; // from now on every move counts
      pick(event);
    });
    holder.addEventListener("click", pick);
  }

  const measured = () => Math.max(220, made[0].holder.clientWidth || 328);
  let width = measured(); // measured when it changes, not at every move, which would lay the page out twice
  let spelt = "";
  let found = {}; // what the networks hold of what is spelt
  let nodes = [];
  function show() {
    if (busy) return;
    const [state, filler, word, shown] = ["state", "filler", "word", "shown"].map((name) => model.get(name));
    const all = words();
    const tokens = all.map((each) => token.get(each));
    const answer = languages[spoken[token.get(state)]];
    select.value = state;
    gap.input.value = filler.length;
    gap.value.textContent = many(filler.length);
    gap.input.setAttribute("aria-valuetext", many(filler.length));
    place.input.max = all.length;
    place.input.value = word;
    place.value.textContent = `${word} of ${all.length}`;
    place.input.setAttribute("aria-valuetext", `${all[word - 1]}, word ${word} of ${all.length}`);

    const held = sentence.contains(el.getRootNode().activeElement);
    if (spelt !== all.join("|")) {
      spelt = all.join("|");
      found = Object.fromEntries(Object.entries(networks).map(([kind, network]) => [kind, read(network, tokens)]));
      nodes = all.map((each, n) => {
        const kind = n === 0 ? "name" : n <= filler.length ? "filler" : "question";
        return make("span", "lw-mem-word", each, { role: "option", "data-n": n + 1, "data-part": kind });
      });
      sentence.replaceChildren(...nodes.flatMap((node) => [node, " "]));
      if (!wrong && !typing) field.value = filler.join(" ");
    }
    nodes.forEach((node, n) => {
      const here = n + 1 === word;
      node.setAttribute("aria-selected", here);
      node.tabIndex = here ? 0 : -1;
      if (here && held) node.focus();
    });
    const inside = word >= 2 && word <= 1 + filler.length;
    known.disabled = !inside;
    replaced.textContent = inside ? `“${all[word - 1]}”, word ${word}, becomes` : "select a filler word, and replace it here";
    known.value = inside ? all[word - 1] : "";

    const said = verdict(all, word, { RNN: found.RNN.beliefs[word - 1], LSTM: found.LSTM.beliefs[word - 1] }, answer, languages);
    if (result.textContent !== said)
      result.replaceChildren(...said.split(/(\S+ %\)?)/).map((part, n) => (n % 2 ? make("span", "lw-mem-whole", part) : part)));
    radios.forEach((radio) => (radio.checked = radio.value === shown));

    for (const { kind, panel, svg, keys, top3 } of made) {
      const what = kind === "RNN" ? "h" : shown;
      const belief = found[kind].beliefs.map((each) => each[spoken[token.get(state)]]);
      panel.dataset.kind = KINDS[what];
      const seen = `0 0 ${width} ${frame(width, networks[kind].units, all.length).height}`;
      if (svg.getAttribute("viewBox") !== seen) svg.setAttribute("viewBox", seen); // even the same one lays all out anew
      svg.setAttribute("aria-label", told(kind, what, found[kind][what], belief, word, answer));
      redraw(svg, chart(what, found[kind][what], belief, all, word, answer, width), keys);
      const beliefs = found[kind].beliefs[word - 1];
      top3.replaceChildren(
        ...best(beliefs).map((k) => {
          const right = languages[k] === answer;
          const row = make("li", right ? "lw-mem-right" : "");
          const bar = make("span", "lw-mem-gauge", "", { "aria-hidden": "true" });
          bar.style.setProperty("--part", beliefs[k].toFixed(4));
          row.append(make("span", "lw-mem-language", languages[k] + (right ? " ✓" : "")), bar, make("span", "lw-mem-part", short(beliefs[k])));
          return row;
        }),
      );
    }
  }
  const resized = new ResizeObserver(() => {
    if (measured() === width) return;
    width = measured();
    show();
  });
  TRAITS.forEach((name) => model.on(`change:${name}`, show));
  show();
  resized.observe(made[0].holder);

  return () => {
    resized.disconnect();
    clearTimeout(pause);
    TRAITS.forEach((name) => model.off(`change:${name}`, show));
  };
}

export default { render };
