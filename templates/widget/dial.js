// How much of itself a memory keeps at every word, and what is left of it after ten.

const WORDS = 10;

/** What is left of a memory that keeps the part `keep` at every word. */
export function left(keep) {
  return keep ** WORDS;
}

/** Python's verdict, word for word. */
export function verdict({ keep }) {
  return `After ${WORDS} words ${left(keep).toFixed(3)} is left.`;
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function render({ model, el }) {
  const box = make("section", "lw-box");
  box.setAttribute("aria-label", "A memory that keeps a part of itself");

  const bar = make("div", "");
  bar.style.cssText = "height: 1.5rem; background: var(--lstm-cell)";

  const row = make("label", "lw-slider");
  const input = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.01 });
  const value = make("span", "lw-value");
  row.append(make("span", "lw-label", "part that is kept"), input, value);
  input.addEventListener("input", () => {
    model.set("keep", Number(input.value));
    model.save_changes();
  });

  const result = make("p", "lw-result");
  result.setAttribute("role", "status");
  box.append(bar, row, result);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const draw = () => {
    const keep = model.get("keep");
    input.value = keep;
    value.textContent = keep.toFixed(2);
    input.setAttribute("aria-valuetext", value.textContent);
    bar.style.width = `${100 * left(keep)}%`;
    result.textContent = verdict({ keep });
  };
  model.on("change:keep", draw);
  draw();
  return () => model.off("change:keep", draw);
}

export default { render };
