// Brings the stored widgets of a page to life, each when it is at most a screen away: the part of a Jupyter front end that a widget needs, and no more.

class Model {
  constructor(state) {
    this.state = state;
    this.listeners = {};
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const call of [...(this.listeners[`change:${name}`] ?? [])]) call();
  }

  on(event, call) {
    (this.listeners[event] ??= []).push(call);
  }

  off(event, call) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((other) => other !== call);
  }

  save_changes() {}
}

function enliven(el) {
  const url = URL.createObjectURL(new Blob([lstmWidgets[el.dataset.widget]], { type: "text/javascript" }));
  import(url).then((module) => {
    module.default.render({ model: new Model(JSON.parse(el.dataset.state)), el });
    el.dataset.live = "";
    URL.revokeObjectURL(url);
  });
}

const near = new IntersectionObserver(
  (found) => {
    for (const { target, isIntersecting } of found) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      enliven(target);
    }
  },
  { rootMargin: "100% 0%" },
);

for (const el of document.querySelectorAll("[data-widget]")) near.observe(el);
