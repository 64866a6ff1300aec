// A game in which the reader is the network: three gates for each word, five levels.

export const CLOSE = 0.01; // how near h has to be to the h of an answer to be read as that answer
const ZERO = 1e-9; // what rounding leaves of a memory that was counted up and down again
const REACH = 1.2; // the number at the brim of a vessel
const KEY = "lstmbook.gate_puzzle";
const GATES = [["f", "keep", "forget"], ["i", "write", "input"], ["o", "show", "output"]];

/** All gates of a level, closed. */
export const closed = (puzzle) => (puzzle.rules.length ? puzzle.rules : puzzle.strings[0].steps).map(() => [0, 0, 0]);

/** Whether `gates` has a row of three zeros and ones for each row of the level. */
export function fit(puzzle, gates) {
  const row = (each) => Array.isArray(each) && each.length === 3 && each.every((gate) => gate === 0 || gate === 1);
  return Array.isArray(gates) && gates.length === closed(puzzle).length && gates.every(row);
}

/** How many gates are open. */
export const openings = (gates) => gates.flat().reduce((sum, gate) => sum + gate, 0);

/** The memory c and what is shown of it, h, after every step: {c, h} for each string of the level. */
export function play(puzzle, gates) {
  return puzzle.strings.map(({ steps }) => {
    const memory = [];
    const shown = [];
    let c = 0;
    for (const [, g, row] of steps) {
      const [f, i, o] = gates[row];
      c = f * c + i * g;
      memory.push(c);
      shown.push(o * Math.tanh(c));
    }
    return { c: memory, h: shown };
  });
}

/** The answer that `h` stands for, or "garbled". */
export function read(puzzle, h) {
  const far = ([code]) => Math.abs(h - Math.tanh(code));
  const nearest = puzzle.reads.reduce((best, each) => (far(each) < far(best) ? each : best));
  return far(nearest) < CLOSE ? nearest[1] : "garbled";
}

/** What is read at each question of each string; "nothing" where the output gate is closed. */
export function answers(puzzle, gates) {
  const played = play(puzzle, gates);
  return puzzle.strings.flatMap(({ steps, asks }, n) =>
    asks.map(([ask]) => (gates[steps[ask][2]][2] ? read(puzzle, played[n].h[ask]) : "nothing")),
  );
}

const worth = (count, best, usedHint) => (usedHint ? 1 : count <= best ? 3 : 2);

/** Python's check, word for word: {ok, message, string, step}; the last two are null if there is nothing wrong to point at. */
export function check(puzzle, gates, usedHint = false) {
  const [count, best] = [openings(gates), openings(puzzle.solution)];
  const told = answers(puzzle, gates).join(puzzle.rules.length ? ", " : ", then ");
  const wrong = count ? firstWrong(puzzle, gates) : [null, null, "Every gate is closed: nothing is written, kept or shown."];
  const well = {
    3: `Solved with ${count} gate openings, the fewest possible: 3 stars.`,
    2: `Solved, with ${count} gate openings where ${best} are enough: 2 stars.`,
    1: "Solved after the hint: 1 star.",
  };
  const [string, step, what] = wrong ?? [null, null, well[worth(count, best, usedHint)]];
  return { ok: !wrong, message: `Shown: ${told}. ${what}`, string, step };
}

/** What the gates are worth: 0 to 3 stars. */
export function stars(puzzle, gates, usedHint = false) {
  return check(puzzle, gates).ok ? worth(openings(gates), openings(puzzle.solution), usedHint) : 0;
}

/** The string, the step and the sentence of the first mistake, or null. */
function firstWrong(puzzle, gates) {
  const played = play(puzzle, gates);
  const ideal = play(puzzle, puzzle.solution);
  for (const [n, string] of puzzle.strings.entries()) {
    const { c, h } = played[n];
    const off = (t) => Math.abs(c[t] - ideal[n].c[t]) > ZERO;
    let start = 0;
    for (const [ask, since, want] of string.asks) {
      const wrong = [];
      if (read(puzzle, Math.tanh(c[ask])) !== want) {
        // It went wrong where the memory left the right way for the last time.
        let step = ask;
        while (step > since && off(step - 1)) step -= 1;
        wrong.push([step, cause(puzzle, gates, string, step, step ? c[step - 1] : 0)]);
      }
      const early = h.findIndex((value, t) => t >= start && t < ask && Math.abs(value) > ZERO);
      if (early >= 0) wrong.push([early, "the output gate is open: the memory is shown before the question."]);
      if (!gates[string.steps[ask][2]][2]) wrong.push([ask, "the output gate is closed: no answer is shown."]);
      if (wrong.length) {
        const [step, what] = wrong.reduce((first, each) => (each[0] < first[0] ? each : first));
        return [n, step, `${place(puzzle, string, step)} ${what}`];
      }
      start = ask + 1;
    }
  }
  return null;
}

function cause(puzzle, gates, string, step, before) {
  const row = string.steps[step][2];
  const [[f, i], [keep, write]] = [gates[row], puzzle.solution[row]];
  const holds = puzzle.holds;
  const held = Math.abs(before) > ZERO;
  if (write && !i) return `the input gate is closed: it ${holds === "name" ? "is not written" : "does not count"}.`;
  if (held && f && !keep) return `the forget gate is open: ${write ? "the new name is added to the old one." : "the old name stays."}`;
  if (i && !write) {
    const into = held ? `${f ? "is added to" : "is written over"} the ${holds}` : "goes into the empty memory";
    return `the input gate is open: its junk ${into}.`;
  }
  return `the forget gate is closed: the ${holds} is lost.`;
}

const plain = (word) => word.replace(/,+$/, "");

function place(puzzle, string, step) {
  const sign = plain(string.steps[step][0]);
  const called = { ".": "the full stop", "?": "the question mark" }[sign] ?? `“${sign}”`;
  if (!puzzle.rules.length) return `At ${puzzle.unit} ${step + 1}, ${called},`;
  const text = string.steps.slice(0, -1).map(([each]) => each).join("");
  return `In “${text}”, at ${puzzle.unit} ${step + 1}, ${called},`;
}

/** A number with a true minus sign, and without one where it rounds to 0. */
export function number(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** The gates with one of them turned round. */
export const toggled = (gates, row, gate) =>
  gates.map((each, n) => (n === row ? each.map((value, k) => (k === gate ? 1 - value : value)) : each));

/** The gates with one gate opened in every row, or closed if it is open in all. */
export function everywhere(gates, gate) {
  const value = gates.every((row) => row[gate]) ? 0 : 1;
  return gates.map((row) => row.map((old, k) => (k === gate ? value : old)));
}

/** Saved progress, made sound: whatever is missing or spoilt starts afresh. */
export function tidy(saved, levels) {
  const at = (name, n) => (Array.isArray(saved?.[name]) ? saved[name][n] : undefined);
  const level = Number.isInteger(saved?.level) && saved.level >= 1 && saved.level <= levels.length ? saved.level : 1;
  return {
    level,
    stars: levels.map((_, n) => ([1, 2, 3].includes(at("stars", n)) ? at("stars", n) : 0)),
    hints: levels.map((_, n) => at("hints", n) === true),
    gates: levels.map((puzzle, n) => (fit(puzzle, at("gates", n)) ? at("gates", n) : closed(puzzle))),
  };
}

// A browser may refuse its storage, even to be asked for it. The game then lasts as long as the page.
function load(levels) {
  try {
    return tidy(JSON.parse(localStorage.getItem(KEY)), levels);
  } catch {
    return tidy(null, levels);
  }
}

function keep(progress) {
  try {
    localStorage.setItem(KEY, JSON.stringify(progress));
  } catch {
    // nothing is lost but the next visit
  }
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function button(className, text, call) {
  const node = Object.assign(make("button", className, text), { type: "button" });
  node.addEventListener("click", call);
  return node;
}

function vessel(puzzle) {
  const node = make("span", "lw-puz-vessel");
  node.setAttribute("aria-hidden", "true");
  const fill = make("span", "lw-puz-fill");
  node.append(fill);
  for (const [code] of puzzle.reads) {
    const mark = make("span", code ? "lw-puz-mark" : "lw-puz-zero");
    mark.style.bottom = `${50 + (50 * code) / REACH}%`;
    node.append(mark);
  }
  const show = (c) => {
    const part = (50 * Math.max(-REACH, Math.min(REACH, c))) / REACH;
    fill.style.bottom = `${50 + Math.min(0, part)}%`;
    fill.style.height = `${Math.abs(part)}%`;
    node.dataset.over = Math.abs(c) > REACH + ZERO ? (c > 0 ? "above" : "below") : "";
  };
  return { node, show };
}

const rated = (count) => "★".repeat(count) + "☆".repeat(3 - count);

function render({ model, el }) {
  const levels = model.get("levels");
  let progress = load(levels);
  const now = () => {
    const level = model.get("level");
    const puzzle = levels[level - 1];
    const gates = model.get("gates");
    // Between a new level and its gates, which may come one after the other, all are closed.
    return { level, puzzle, gates: fit(puzzle, gates) ? gates : closed(puzzle), usedHint: model.get("used_hint") };
  };

  const box = make("section", "lw-box lw-puz-box");
  box.setAttribute("aria-label", "Program the gates, a puzzle in five levels");
  el.classList.add("lstm-widget");

  // What a reader does: change the traits, note the stars, keep the progress.
  const change = (values) => {
    stop();
    Object.entries(values).forEach(([name, value]) => model.set(name, value));
    model.save_changes();
    const { level, puzzle, gates, usedHint } = now();
    progress.level = level;
    progress.gates[level - 1] = gates;
    progress.hints[level - 1] ||= usedHint;
    progress.stars[level - 1] = Math.max(progress.stars[level - 1], stars(puzzle, gates, usedHint));
    keep(progress);
    score();
  };
  const go = (level) => change({ level, gates: progress.gates[level - 1], used_hint: progress.hints[level - 1] });

  const head = make("div", "lw-puz-head");
  const picker = make("div", "lw-puz-levels");
  picker.setAttribute("role", "group");
  picker.setAttribute("aria-label", "levels");
  const pick = levels.map((_, n) => {
    const node = button("lw-puz-level", "", () => go(n + 1));
    node.append(make("b", "", `${n + 1}`), make("span", "lw-puz-stars"));
    picker.append(node);
    return node;
  });
  const total = make("label", "lw-puz-total");
  const sum = make("span", "");
  const bar = Object.assign(make("progress", "lw-puz-progress"), { max: 3 * levels.length });
  total.append(sum, bar);
  head.append(picker, total);

  const title = make("p", "lw-puz-title");
  const goal = make("p", "lw-puz-goal");
  const all = make("div", "lw-puz-all");
  all.setAttribute("role", "group");
  const allLabel = make("span", "");
  const allGates = GATES.map(([letter, does, kind], k) => {
    const node = button("lw-puz-gate", "", () => change({ gates: everywhere(now().gates, k) }));
    node.dataset.kind = kind;
    node.append(make("b", "", letter), ` ${does}`);
    return node;
  });
  all.append(allLabel, ...allGates);
  const keys = make("p", "lw-puz-keys");
  const cards = make("div", "lw-puz-cards");
  const strings = make("div", "lw-puz-strings");
  const legend = make("p", "lw-puz-legend");

  const verdict = make("div", "lw-puz-verdict");
  const status = make("p", "lw-puz-status");
  status.setAttribute("role", "status");
  const going = make("p", "lw-puz-going");
  going.setAttribute("aria-hidden", "true");
  const won = make("span", "lw-puz-won");
  won.setAttribute("aria-hidden", "true");
  verdict.append(won, status, going);

  const tools = make("div", "lw-puz-tools");
  const runs = button("lw-button lw-puz-run", "run, step by step", () => (timer ? stop() : start()));
  const hint = make("p", "lw-puz-hint");
  let hintOpen = model.get("used_hint");
  const asks = button("lw-button", "hint", () => {
    hintOpen = !hintOpen;
    if (hintOpen && !model.get("used_hint")) change({ used_hint: true });
    else draw();
  });
  const next = button("lw-button lw-puz-next", "next level", () => {
    go(model.get("level") + 1);
    cards.firstChild.focus();
  });
  const closes = button("lw-button", "close all gates", () => change({ gates: closed(now().puzzle) }));
  const resets = button("lw-button", "reset progress", () => {
    if (!resets.dataset.sure) {
      resets.dataset.sure = "yes";
      resets.textContent = "press again to reset";
      return;
    }
    calm();
    progress = tidy(null, levels);
    hintOpen = false;
    go(1);
  });
  const calm = () => {
    delete resets.dataset.sure;
    resets.textContent = "reset progress";
  };
  resets.addEventListener("blur", calm);
  tools.append(next, runs, asks, closes, resets);
  box.append(head, title, goal, all, keys, cards, strings, legend, verdict, hint, tools);
  el.replaceChildren(box);

  // The cards of the level that is built: one for each row of gates; and the columns that a run goes through, in order.
  let built = null;
  let rows = [];
  let columns = [];
  let current = 0;
  const point = (row) => {
    current = row;
    rows.forEach(({ card, gates }, n) => [card, ...gates].forEach((node) => (node.tabIndex = n === row ? 0 : -1)));
  };
  const column = (node, puzzle, string, step) => {
    const level = vessel(puzzle);
    const c = make("span", "lw-puz-c");
    const h = make("span", "lw-puz-h");
    return { node, string, step, level, c, h };
  };
  const build = ({ level, puzzle }) => {
    built = level;
    const rules = puzzle.rules.length > 0;
    columns = [];
    const asked = new Set(puzzle.strings[0].asks.map(([ask]) => ask));
    rows = closed(puzzle).map((_, n) => {
      const name = rules ? puzzle.rules[n][1] : `word ${n + 1}, ${plain(puzzle.strings[0].steps[n][0])}`;
      const card = make("div", "lw-puz-card");
      card.setAttribute("role", "group");
      const word = make("span", "lw-puz-word", rules ? puzzle.rules[n][0] : puzzle.strings[0].steps[n][0]);
      const gates = GATES.map(([letter, does, kind], k) => {
        const node = button("lw-puz-gate", "", () => {
          point(n);
          change({ gates: toggled(now().gates, n, k) });
        });
        node.append(make("b", "", letter), rules ? ` ${does}` : "");
        node.dataset.kind = kind;
        node.setAttribute("aria-label", `${does} at ${name}`);
        return node;
      });
      card.addEventListener("focusin", () => point(n));
      if (rules) {
        card.append(word, ...gates);
        return { card, gates, name };
      }
      const made = column(card, puzzle, 0, n);
      columns.push(made);
      const g = make("span", "lw-puz-g", `g ${number(puzzle.strings[0].steps[n][1], 1)}`);
      if (asked.has(n)) card.dataset.asked = "";
      card.append(word, g, ...gates, made.level.node, made.c, made.h);
      return { card, gates, name };
    });
    cards.replaceChildren(...rows.map(({ card }) => card));
    cards.dataset.rules = rules ? "yes" : "";
    strings.replaceChildren(
      ...(rules ? puzzle.strings : []).map(({ steps }, s) => {
        const line = make("div", "lw-puz-string");
        line.setAttribute("role", "img");
        const signs = make("div", "lw-puz-signs");
        steps.forEach(([sign, g], t) => {
          const node = make("div", "lw-puz-sign");
          const made = column(node, puzzle, s, t);
          columns.push(made);
          node.append(make("span", "lw-puz-word", sign), make("span", "lw-puz-g", number(g, 1)), made.level.node, made.c);
          signs.append(node);
        });
        line.append(signs, make("div", "lw-puz-answer"));
        return line;
      }),
    );
    title.textContent = `${level}. ${puzzle.title}`;
    goal.textContent = puzzle.goal;
    hint.textContent = puzzle.hint;
    const many = rules ? "every sign" : "every word";
    all.setAttribute("aria-label", `at ${many}`);
    allLabel.textContent = `${many}:`;
    allGates.forEach((node, k) => node.setAttribute("aria-label", `${GATES[k][1]} at ${many}`));
    keys.textContent = `Keys: ← → go from ${rules ? "rule to rule" : "word to word"}, f, i and o turn its gates, Enter runs it.`;
    const reads = puzzle.reads.map(([code, answer]) => `${number(code, code ? 1 : 0)} → ${answer}`).join(", ");
    const where = rules ? "g stands above each vessel, c below it. " : "";
    legend.textContent =
      `g: the candidate, what could be written. c: the memory. h: what is shown of it. ${where}` +
      `A memory is read like this: ${reads}, anything else → garbled.`;
    point(0);
  };

  const draw = () => {
    const state = now();
    const { level, puzzle, gates, usedHint } = state;
    if (built !== level) {
      stop();
      build(state);
    }
    const played = play(puzzle, gates);
    const found = check(puzzle, gates, usedHint);
    allGates.forEach((node, k) => node.setAttribute("aria-pressed", gates.every((row) => row[k])));
    rows.forEach(({ gates: nodes }, n) => nodes.forEach((node, k) => node.setAttribute("aria-pressed", gates[n][k] === 1)));
    columns.forEach(({ node, string, step, level: glass, c, h }) => {
      const [value, shown] = [played[string].c[step], played[string].h[step]];
      const open = gates[puzzle.strings[string].steps[step][2]][2];
      glass.show(value);
      c.textContent = `${puzzle.rules.length ? "" : "c "}${number(value, 1)}`;
      h.textContent = open ? `h ${number(shown, 2)}` : "";
      node.dataset.open = open ? "yes" : "";
      node.dataset.wrong = found.string === string && found.step === step ? "yes" : "";
    });
    const said = answers(puzzle, gates);
    rows.forEach(({ card, name }, n) => {
      if (puzzle.rules.length) return card.setAttribute("aria-label", name);
      const g = number(puzzle.strings[0].steps[n][1], 1);
      card.setAttribute("aria-label", `${name}: candidate ${g}, memory ${number(played[0].c[n], 1)}, shown ${number(played[0].h[n], 2)}`);
    });
    [...strings.children].forEach((line, s) => {
      const { steps, asks: [[, , want]] } = puzzle.strings[s];
      const right = said[s] === want;
      line.lastChild.replaceChildren(make("b", "", said[s]), right ? " ✓ right" : " ✗ wrong");
      line.dataset.right = right ? "yes" : "";
      const text = steps.map(([sign]) => sign).join("");
      const memory = played[s].c.map((value) => number(value, 1)).join(", ");
      line.setAttribute("aria-label", `“${text}”: memory ${memory}; answer ${said[s]}, ${right ? "right" : "wrong"}`);
    });
    if (!timer && status.dataset.said !== found.message) {
      const end = found.message.indexOf(". ") + 1;
      status.replaceChildren(make("b", "", found.message.slice(0, end)), found.message.slice(end));
      status.dataset.said = found.message;
    }
    won.textContent = found.ok ? rated(stars(puzzle, gates, usedHint)) : "";
    verdict.dataset.ok = found.ok ? "yes" : "";
    next.hidden = !found.ok || level === levels.length;
    asks.setAttribute("aria-expanded", hintOpen);
    asks.textContent = usedHint ? "hint" : "hint (leaves 1 star)";
    hint.hidden = !hintOpen;
    score();
  };
  const score = () => {
    const level = model.get("level");
    const sure = progress.stars.reduce((a, b) => a + b, 0);
    pick.forEach((node, n) => {
      node.lastChild.textContent = rated(progress.stars[n]);
      node.setAttribute("aria-label", `level ${n + 1}, ${levels[n].title}, ${progress.stars[n]} of 3 stars`);
      node.setAttribute("aria-pressed", n + 1 === level);
    });
    sum.textContent = `${sure} of ${3 * levels.length} stars`;
    bar.value = sure;
  };

  // A run lets the sentence go by, one step at a time.
  let timer = null;
  const start = () => {
    const { puzzle, gates } = now();
    const played = play(puzzle, gates);
    status.replaceChildren();
    delete status.dataset.said;
    let n = -1;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    timer = setInterval(() => {
      n += 1;
      if (still || n >= columns.length) return stop();
      columns.forEach(({ node }, k) => (node.dataset.when = k < n ? "past" : k > n ? "future" : "now"));
      const { string, step } = columns[n];
      const { c, h } = played[string];
      going.textContent = `${puzzle.strings[string].steps[step][0]} – memory ${number(c[step], 1)}, shown ${number(h[step], 2)}`;
    }, still ? 50 : 450);
    runs.textContent = "stop";
    box.dataset.running = "yes";
  };
  const stop = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    columns.forEach(({ node }) => delete node.dataset.when);
    going.textContent = "";
    runs.textContent = "run, step by step";
    delete box.dataset.running;
    draw();
  };

  cards.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows.findIndex(({ card }) => card.contains(event.target));
    const gate = GATES.findIndex(([letter]) => letter === event.key.toLowerCase());
    const to = { ArrowLeft: row - 1, ArrowRight: row + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (row < 0) return;
    if (gate >= 0) {
      if (!event.repeat) change({ gates: toggled(now().gates, row, gate) });
    } else if (event.key === "Enter" && event.target === rows[row].card) {
      if (timer) stop();
      start();
    } else if (to !== undefined) {
      const other = rows[Math.max(0, Math.min(rows.length - 1, to))];
      const held = rows[row].gates.indexOf(event.target);
      (held < 0 ? other.card : other.gates[held]).focus();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // a notebook has keys of its own
  });

  const hinted = () => {
    hintOpen = model.get("used_hint");
    draw();
  };
  // Where no kernel holds the state, take up the game where it was left.
  if ("widget" in el.dataset && model.get("level") === 1 && !openings(model.get("gates")) && !model.get("used_hint")) {
    model.set("level", progress.level);
    model.set("gates", progress.gates[progress.level - 1]);
    model.set("used_hint", progress.hints[progress.level - 1]);
    hintOpen = model.get("used_hint");
  }
  model.on("change:level", draw);
  model.on("change:gates", draw);
  model.on("change:used_hint", hinted);
  draw();

  return () => {
    clearInterval(timer);
    model.off("change:level", draw);
    model.off("change:gates", draw);
    model.off("change:used_hint", hinted);
  };
}

export default { render };
