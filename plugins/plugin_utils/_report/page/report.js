"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const data = JSON.parse(get("rows").textContent);
  const [NAMES, STEP, PRINTED] = [["time", "probes", "intvl"], 60, 2000];
  // Python ordered them by name: the place is the order.
  const hosts = data.hosts.map(([name, state, outcome, now, boot, dead, seen, flags, note, commands], place) => ({
    name, state, outcome, now, boot, dead, seen, flags, note, place,
    text: `${name}\n${data.states[state][1]}\n${note}\n${commands}`.toLowerCase(),
  }));
  const chosen = { words: [], states: new Set(), flags: 0, sort: "state", down: false };
  let shown = hosts;
  let drawn = 0;

  /** Make an element. What comes from a host is only ever set as text. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  const pill = (state) => make("span", { class: `pill state ${data.states[state][0]}` }, data.states[state][1]);
  const numbers = (values) => (values.length ? values.map((value) => value ?? "?").join(" / ") : "");
  const grouped = (number) => number.toLocaleString("en").replaceAll(",", "\u2009");

  // --- the table ---

  const end = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) draw(STEP);
  }, { rootMargin: "800px" });
  const KEYS = {
    name: (host) => host.place,
    state: (host) => host.state || 99,
    outcome: (host) => host.outcome,
    now: (host) => number(host.now[0]),
    boot: (host) => number(host.boot[0]),
    dead: (host) => number(host.dead),
    without: (host) => (host.seen ? host.seen[1] : -1),
  };
  const number = (value) => (typeof value === "number" ? value : -1);
  const columns = [...document.querySelectorAll("th[data-sort]")];
  const has = Object.fromEntries(columns.map((column) => [column.dataset.sort, true]));

  function choose() {
    const { words, states, flags, sort, down } = chosen;
    shown = hosts.filter((host) =>
      (!states.size || states.has(data.states[host.state][0])) && (host.flags & flags) === flags && words.every((word) => host.text.includes(word)));
    const key = KEYS[sort];
    const sign = down ? -1 : 1;
    shown.sort((a, b) => sign * (key(a) - key(b)) || a.place - b.place);
    get("body").replaceChildren();
    drawn = 0;
    draw(STEP);
    tell();
  }

  function tell() {
    const all = shown.length === hosts.length;
    const what = hosts.length === 1 ? "host" : "hosts";
    get("count").textContent = all ? `${grouped(hosts.length)} ${what}` : `${grouped(shown.length)} of ${grouped(hosts.length)} ${what}`;
    get("none").hidden = shown.length > 0 || hosts.length === 0;
    get("names").hidden = shown.length === 0;
    get("clear").hidden = all && !chosen.words.length;
    get("table").setAttribute("aria-rowcount", String(shown.length + 1));
    for (const column of columns) {
      if (column.dataset.sort === chosen.sort) column.setAttribute("aria-sort", chosen.down ? "descending" : "ascending");
      else column.removeAttribute("aria-sort");
    }
    for (const button of document.querySelectorAll("[data-state]")) button.setAttribute("aria-pressed", String(chosen.states.has(button.dataset.state)));
    for (const button of document.querySelectorAll("[data-flag]")) button.setAttribute("aria-pressed", String(Boolean(chosen.flags & (1 << button.dataset.flag))));
  }

  /** Add rows up to so many; the rest follow as one scrolls down to them. */
  function draw(more) {
    const until = Math.min(shown.length, drawn + more);
    const rows = [];
    for (; drawn < until; drawn += 1) rows.push(row(shown[drawn], drawn + 2));
    get("body").append(...rows);
    // Told anew where the end is: on a tall screen it may be in sight still.
    end.unobserve(get("more"));
    if (drawn < shown.length) end.observe(get("more"));
  }

  function row(host, index) {
    const cell = (kind, label, ...content) => make("td", { role: "cell", class: kind, "data-label": label }, ...content);
    return make("tr", { role: "row", "aria-rowindex": index },
      make("th", { role: "rowheader", scope: "row" }, make("a", { href: address(host) }, host.name)),
      cell(null, null, pill(host.state)),
      has.outcome ? cell(null, null, host.outcome < 0 ? "" : data.outcomes[host.outcome]) : null,
      cell("numbers", "now", numbers(host.now)),
      cell("numbers", "next boot", numbers(host.boot)),
      cell("numbers", "dead after", host.dead === null ? "" : `${grouped(host.dead)} s`),
      has.without ? cell("numbers", "without keepalive", host.seen ? `${grouped(host.seen[1])} of ${grouped(host.seen[0])}` : "") : null,
      cell("finding", null, host.note));
  }

  addEventListener("beforeprint", () => draw(Math.max(0, PRINTED - drawn)));

  for (const column of columns) {
    column.querySelector("button").addEventListener("click", () => {
      chosen.down = chosen.sort === column.dataset.sort ? !chosen.down : !["name", "state", "outcome"].includes(column.dataset.sort);
      chosen.sort = column.dataset.sort;
      choose();
    });
  }
  let waiting = 0;
  get("find").addEventListener("input", () => {
    chosen.words = get("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(choose);
  });
  for (const button of document.querySelectorAll("[data-state]")) {
    button.addEventListener("click", () => {
      const state = button.dataset.state;
      if (!chosen.states.delete(state)) chosen.states.add(state);
      choose();
      if (chosen.states.size) get("hosts").scrollIntoView();
    });
  }
  for (const button of document.querySelectorAll("[data-flag]")) {
    button.addEventListener("click", () => {
      chosen.flags ^= 1 << button.dataset.flag;
      choose();
    });
  }
  function clear() {
    Object.assign(chosen, { words: [], states: new Set(), flags: 0 });
    get("find").value = "";
    choose();
    get("find").focus();
  }
  get("clear").addEventListener("click", clear);
  get("clear-too").addEventListener("click", clear);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !get("host").open && event.target.tagName !== "INPUT") {
      event.preventDefault();
      get("find").focus();
    }
  });

  // --- copying ---

  async function copy(text, button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed here";
    }
    setTimeout(() => { button.textContent = before; }, 1600);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) copy(button.parentElement.querySelector("code").textContent, button);
  });
  get("names").addEventListener("click", () => copy(shown.map((host) => host.name).join("\n") + "\n", get("names")));

  // --- one host ---

  const address = (host) => `#host=${encodeURIComponent(host.name)}`;
  const packs = new Map();

  async function unpack(number) {
    if (!packs.has(number)) {
      const bytes = Uint8Array.from(atob(get(`pack${number}`).textContent), (character) => character.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      packs.set(number, JSON.parse(await new Response(stream).text()));
    }
    return packs.get(number);
  }

  async function open(host) {
    let content;
    try {
      const told = (await unpack(Math.floor(host.place / data.hostsPerPack)))[host.place % data.hostsPerPack];
      content = page(host, told);
    } catch {
      content = [make("p", { class: "findings" }, "This browser cannot unpack the details (it has no DecompressionStream). The JSON report holds them.")];
    }
    if (!location.hash.startsWith("#host=")) return;
    get("host-body").replaceChildren(top(host), ...content);
    if (!get("host").open) get("host").showModal();
    get("host").scrollTop = 0;
  }

  function top(host) {
    const at = shown.indexOf(host);
    const go = (step) => () => { location.replace(address(shown[at + step])); };
    return make("div", { class: "top" },
      make("h2", { id: "host-name" }, host.name),
      pill(host.state),
      make("button", { type: "button", "aria-label": "Previous host", disabled: at < 1, onclick: go(-1) }, "\u2191"),
      make("button", { type: "button", "aria-label": "Next host", disabled: at < 0 || at + 1 >= shown.length, onclick: go(1) }, "\u2193"),
      make("button", { type: "button", "aria-label": "Close", autofocus: true, onclick: () => get("host").close() }, "\u2715"));
  }

  const heading = (text, ...rest) => (rest.flat().length ? [make("h3", null, text), ...rest.flat()] : []);

  function page(host, told) {
    return [
      make("ul", { class: "findings" }, told.findings.length ? told.findings.map((text) => make("li", null, text)) : make("li", null, "Everything is as wanted.")),
      ...heading("What to do next", told.todo.length ? commands(told.todo) : []),
      ...(told.settings ? heading("The three values", values(told)) : []),
      ...(told.settings ? heading("Who wins at boot, in reading order", NAMES.flatMap((name) => lines(name, told.settings[name]))) : []),
      ...(told.connections ? heading("Connections", connections(told)) : []),
      ...heading("Other network namespaces", told.namespaces.length ? namespaces(told.namespaces) : []),
      ...heading("Problems", told.problems.length ? problems(told.problems) : []),
    ];
  }

  /** Break lines between words alone: a browser breaks them at each hyphen else. */
  const words = (command) => command.split(" ").flatMap((word, place) => [place ? " " : null, make("span", null, word)]);

  function commands(todo) {
    return make("ol", { class: "commands" }, todo.map((each) => make("li", null,
      make("p", null, each.what),
      make("div", { class: "command" }, make("pre", null, make("code", null, words(each.command))), make("button", { type: "button", class: "copy" }, "Copy")))));
  }

  function table(head, rows) {
    return make("div", { class: "scroll", role: "region", "aria-label": head.join(", "), tabindex: "0" }, make("table", null,
      make("thead", null, make("tr", null, head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", null, rows.map(([first, ...rest]) => make("tr", null, make("th", { scope: "row" }, first), rest.map((cell) => make("td", null, cell)))))));
  }

  function values(told) {
    const right = (value, wanted) => (value === wanted ? String(value) : make("span", { class: "off" }, value === null ? "none" : String(value)));
    const limit = told.idle_limit === null ? "" : ` The path forgets an idle connection after ${told.idle_limit} s.`;
    return [
      table(["setting", "now", "in our file", "next boot", "wanted"], NAMES.map((name) => {
        const { now, persisted, boot, wanted } = told.settings[name];
        return [name, right(now, wanted), persisted === null ? make("span", { class: "muted" }, "not there") : right(persisted, wanted), right(boot, wanted), String(wanted)];
      })),
      make("p", { class: "about" }, told.dead_after === null ? limit : `A peer that is gone is noticed after ${grouped(told.dead_after)} s.${limit}`),
    ];
  }

  function lines(name, setting) {
    const told = setting.assignments.map((each) => make("li", { class: each.fate },
      make("code", null, `${each.path}:${each.line}`),
      make("code", { class: "value" }, each.value === null ? `-${each.key}` : `${each.key} = ${each.value}`),
      make("span", { class: "fate" }, each.fate === "winner" ? "wins" : each.fate)));
    const own = setting.winner ? [] : [make("li", { class: "winner" }, make("code", { class: "value" }, String(setting.boot)), make("span", { class: "fate" }, "the kernel\u2019s own: no file sets it"))];
    return [make("h4", null, name), make("ol", { class: "lines" }, own, told)];
  }

  function connections({ connections: seen, processes, processes_unseen: unseen }) {
    const unknown = seen.unknown ? `, ${grouped(seen.unknown)} that cannot be told` : "";
    return [
      make("p", { class: "about" }, `${grouped(seen.established)} established: ${grouped(seen.with_keepalive)} with keepalive, ${grouped(seen.without_keepalive)} without${unknown}. ${grouped(seen.stale)} under an older time.`),
      processes.length ? table(["process", "pid", "user", "established", "without keepalive", "under an older time"], processes.map((each) =>
        [each.command, String(each.pid), each.user ?? "", grouped(each.established), grouped(each.without_keepalive), grouped(each.stale)])) : null,
      unseen ? make("p", { class: "about" }, `${grouped(unseen)} are of no process that could be looked at; with --become there are fewer.`) : null,
    ].filter(Boolean);
  }

  function namespaces(found) {
    return table(["namespace", "time / probes / intvl", "processes", "as the host"], found.map((each) => [
      each.name ?? String(each.inode), numbers([each.time, each.probes, each.intvl]), grouped(each.processes),
      each.differs ? make("span", { class: "off" }, "no, differs") : "yes",
    ]));
  }

  function problems(found) {
    return make("ul", { class: "findings" }, found.map((each) =>
      make("li", null, make("code", null, each.line === null ? each.path : `${each.path}:${each.line}`), ": ", each.problem)));
  }

  const byName = new Map(hosts.map((host) => [host.name, host]));
  function named() {
    try {
      return location.hash.startsWith("#host=") ? decodeURIComponent(location.hash.slice(6)) : null;
    } catch {
      return null;  // someone wrote the address by hand
    }
  }
  function route() {
    const name = named();
    if (byName.has(name)) open(byName.get(name));
    else if (get("host").open) get("host").close();
  }
  get("host").addEventListener("close", () => {
    if (location.hash.startsWith("#host=")) history.replaceState(null, "", location.pathname + location.search);
  });
  get("host").addEventListener("click", (event) => { if (event.target === get("host")) get("host").close(); });
  addEventListener("hashchange", route);
  choose();
  route();
})();
