"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("rows").textContent);
  const NAMES = ["time", "probes", "intvl"];
  const ROWS_AT_ONCE = 60;
  const PRINTED_ROWS = 2000;

  // The rows are in the order of the names: the index of a host is its place in that order.
  const hosts = data.hosts.map((row, index) => {
    const [name, state, outcome, now, boot, dead, connections, flags, finding, commands, group, change] = row;
    const text = `${name}\n${data.states[state][1]}\n${finding}\n${commands}`.toLowerCase();
    return { name, state, outcome, now, boot, dead, connections, flags, finding, group, change, index, text };
  });
  const NO_FILTER = () => ({ terms: [], states: new Set(), flags: 0, changes: new Set(), group: null });
  const isCompared = document.querySelector("th[data-sort=change]") !== null;
  const filter = { ...NO_FILTER(), sort: isCompared ? "change" : "state", descending: false };
  let visible = hosts;
  let rendered = 0;

  /** Make an element. Text of a host only ever becomes a text node or an attribute. */
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
  const triple = (values) => values.map((value) => value ?? "?").join(" / ");
  const grouped = (number) => number.toLocaleString("en").replaceAll(",", "\u2009");

  // --- the table ---

  const numberOrLowest = (value) => (typeof value === "number" ? value : -1);
  const stateKey = (host) => host.state || 99;  // hosts that are as wanted come last
  const SORT_KEYS = {
    name: (host) => host.index,
    state: stateKey,
    change: (host) => (host.change < 0 ? 9 : host.change) * 100 + stateKey(host),
    outcome: (host) => host.outcome,
    now: (host) => numberOrLowest(host.now[0]),
    boot: (host) => numberOrLowest(host.boot[0]),
    dead: (host) => numberOrLowest(host.dead),
    without: (host) => (host.connections ? host.connections[1] : -1),
  };
  const ASCENDING_FIRST = ["name", "state", "change", "outcome"];
  const columns = [...document.querySelectorAll("th[data-sort]")];
  const hasColumn = Object.fromEntries(columns.map((column) => [column.dataset.sort, true]));
  const endOfTable = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) renderRows(ROWS_AT_ONCE);
  }, { rootMargin: "800px" });

  function matches(host) {
    if (filter.states.size && !filter.states.has(data.states[host.state][0])) return false;
    if (filter.changes.size && !filter.changes.has(host.change)) return false;
    if (filter.group !== null && host.group !== filter.group) return false;
    if ((host.flags & filter.flags) !== filter.flags) return false;
    return filter.terms.every((term) => host.text.includes(term));
  }

  function update() {
    const key = SORT_KEYS[filter.sort];
    const sign = filter.descending ? -1 : 1;
    visible = hosts.filter(matches);
    visible.sort((a, b) => sign * (key(a) - key(b)) || a.index - b.index);
    byId("body").replaceChildren();
    rendered = 0;
    renderRows(ROWS_AT_ONCE);
    updateControls();
  }

  function updateControls() {
    const all = visible.length === hosts.length;
    const total = `${grouped(hosts.length)} ${hosts.length === 1 ? "host" : "hosts"}`;
    byId("count").textContent = all ? total : `${grouped(visible.length)} of ${total}`;
    byId("none").hidden = visible.length > 0 || hosts.length === 0;
    byId("names").hidden = visible.length === 0;
    byId("clear").hidden = all && !filter.terms.length;
    byId("table").setAttribute("aria-rowcount", String(visible.length + 1));
    for (const column of columns) {
      if (column.dataset.sort === filter.sort) column.setAttribute("aria-sort", filter.descending ? "descending" : "ascending");
      else column.removeAttribute("aria-sort");
    }
    for (const button of document.querySelectorAll("[data-state]")) {
      button.setAttribute("aria-pressed", String(filter.states.has(button.dataset.state)));
    }
    for (const button of document.querySelectorAll("[data-change]")) {
      button.setAttribute("aria-pressed", String(filter.changes.has(Number(button.dataset.change))));
    }
    for (const button of document.querySelectorAll("[data-flag]")) {
      const flag = 1 << button.dataset.flag;
      button.setAttribute("aria-pressed", String((filter.flags & flag) !== 0));
    }
  }

  /** Add rows to the table; the others follow when the user scrolls to its end. */
  function renderRows(count) {
    const end = Math.min(visible.length, rendered + count);
    const rows = [];
    for (; rendered < end; rendered += 1) rows.push(tableRow(visible[rendered], rendered + 2));
    byId("body").append(...rows);
    // Observe again: on a tall screen the end may still be visible, and nothing would be reported.
    endOfTable.unobserve(byId("more"));
    if (rendered < visible.length) endOfTable.observe(byId("more"));
  }

  function tableRow(host, rowIndex) {
    const cell = (kind, label, content) => make("td", { role: "cell", class: kind, "data-label": label }, content);
    const cells = [cell(null, null, pill(host.state))];
    if (hasColumn.change) cells.push(cell(null, null, host.change < 0 ? "" : data.changes[host.change]));
    if (hasColumn.outcome) cells.push(cell(null, null, host.outcome < 0 ? "" : data.outcomes[host.outcome]));
    cells.push(
      cell("numbers", "now", triple(host.now)),
      cell("numbers", "next boot", triple(host.boot)),
      cell("numbers", "dead after", host.dead === null ? "" : `${grouped(host.dead)} s`));
    if (hasColumn.without) {
      const [established, without] = host.connections || [];
      cells.push(cell("numbers", "without keepalive", host.connections ? `${grouped(without)} of ${grouped(established)}` : ""));
    }
    cells.push(cell("finding", null, host.finding));
    const link = make("a", { href: address(host) }, host.name);
    return make("tr", { role: "row", "aria-rowindex": rowIndex }, make("th", { role: "rowheader", scope: "row" }, link), cells);
  }

  const groups = [...document.querySelectorAll("details.group")];
  addEventListener("beforeprint", () => {
    for (const group of groups) group.open = true;
    renderRows(Math.max(0, PRINTED_ROWS - rendered));
  });
  // On a phone the commands would push the list of hosts far down.
  if (matchMedia("(max-width: 720px)").matches) for (const group of groups) group.open = false;

  for (const column of columns) {
    const key = column.dataset.sort;
    column.querySelector("button").addEventListener("click", () => {
      filter.descending = filter.sort === key ? !filter.descending : !ASCENDING_FIRST.includes(key);
      filter.sort = key;
      update();
    });
  }
  let nextUpdate = 0;
  byId("find").addEventListener("input", () => {
    filter.terms = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    cancelAnimationFrame(nextUpdate);
    nextUpdate = requestAnimationFrame(update);
  });
  function toggle(set, value) {
    if (!set.delete(value)) set.add(value);
    update();
    if (set.size) byId("hosts").scrollIntoView();
  }
  for (const button of document.querySelectorAll("[data-state]")) {
    button.addEventListener("click", () => toggle(filter.states, button.dataset.state));
  }
  for (const button of document.querySelectorAll("[data-change]")) {
    button.addEventListener("click", () => toggle(filter.changes, Number(button.dataset.change)));
  }
  for (const button of document.querySelectorAll("[data-group]")) {
    button.addEventListener("click", () => {
      Object.assign(filter, NO_FILTER(), { group: Number(button.dataset.group) });
      byId("find").value = "";
      update();
      byId("hosts").scrollIntoView();
    });
  }
  for (const button of document.querySelectorAll("[data-flag]")) {
    button.addEventListener("click", () => {
      filter.flags ^= 1 << button.dataset.flag;
      update();
    });
  }
  function clearFilter() {
    Object.assign(filter, NO_FILTER());
    byId("find").value = "";
    update();
    byId("find").focus();
  }
  byId("clear").addEventListener("click", clearFilter);
  byId("clear-too").addEventListener("click", clearFilter);
  addEventListener("keydown", (event) => {
    const typing = event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey;
    if (event.key === "/" && !typing && !byId("host").open) {
      event.preventDefault();
      byId("find").focus();
    }
  });

  // --- the clipboard ---

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
  byId("names").addEventListener("click", () => {
    const names = visible.map((host) => `${host.name}\n`).join("");
    copy(names, byId("names"));
  });

  // --- one host ---

  const address = (host) => `#host=${encodeURIComponent(host.name)}`;
  const packs = new Map();

  async function unpack(number) {
    if (!packs.has(number)) {
      const bytes = Uint8Array.from(atob(byId(`pack${number}`).textContent), (character) => character.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      packs.set(number, JSON.parse(await new Response(stream).text()));
    }
    return packs.get(number);
  }

  async function details(host) {
    const pack = await unpack(Math.floor(host.index / data.hostsPerPack));
    return pack[host.index % data.hostsPerPack];
  }

  let shown = null;  // the name of the host whose details were opened last

  async function open(host) {
    let content;
    try {
      content = sections(await details(host));
    } catch {
      const message = "This browser cannot unpack the details (it has no DecompressionStream). The JSON report has them.";
      content = [make("p", { class: "findings" }, message)];
    }
    if (!location.hash.startsWith("#host=")) return;
    byId("host-body").replaceChildren(top(host), ...content);
    if (!byId("host").open) byId("host").showModal();
    shown = host.name;
    byId("host").scrollTop = 0;
  }

  function top(host) {
    const position = visible.indexOf(host);
    const goTo = (other) => () => { location.replace(address(visible[other])); };
    const button = (label, symbol, attributes) => make("button", { type: "button", "aria-label": label, ...attributes }, symbol);
    const isFirst = position < 1;
    const isLast = position < 0 || position + 1 >= visible.length;
    return make("div", { class: "top" },
      make("h2", { id: "host-name" }, host.name),
      pill(host.state),
      button("Previous host", "\u2191", { disabled: isFirst, onclick: goTo(position - 1) }),
      button("Next host", "\u2193", { disabled: isLast, onclick: goTo(position + 1) }),
      button("Close", "\u2715", { autofocus: true, onclick: () => byId("host").close() }));
  }

  /** All parts of the page of a host; a part without content has no heading either. */
  function sections(host) {
    const section = (title, content) => (content.length ? [make("h3", null, title), ...content] : []);
    return [
      findings(host.findings),
      ...section("What to do next", host.todo.length ? [commands(host.todo)] : []),
      ...section("The three values", host.settings ? values(host) : []),
      ...section("Which line wins at boot, in reading order", host.settings ? bootLines(host.settings) : []),
      ...section("Connections", host.connections ? connections(host) : []),
      ...section("Other network namespaces", host.namespaces.length ? [namespaces(host.namespaces)] : []),
      ...section("Problems", host.problems.length ? [problems(host.problems)] : []),
    ];
  }

  function findings(texts) {
    const items = texts.length ? texts : ["Everything is as wanted."];
    return make("ul", { class: "findings" }, items.map((text) => make("li", null, text)));
  }

  /** Wrap each word, so that lines break between words only: a browser would break at hyphens too. */
  function wrappedWords(command) {
    return command.split(" ").flatMap((word, index) => [index ? " " : null, make("span", null, word)]);
  }

  function commands(todo) {
    const items = todo.map((step) => make("li", null,
      make("p", null, step.what),
      make("div", { class: "command" },
        make("pre", null, make("code", null, wrappedWords(step.command))),
        make("button", { type: "button", class: "copy" }, "Copy"))));
    return make("ol", { class: "commands" }, items);
  }

  function table(head, rows) {
    const headCells = head.map((text) => make("th", { scope: "col" }, text));
    const bodyRows = rows.map(([first, ...rest]) => make("tr", null,
      make("th", { scope: "row" }, first),
      // A number stays whole where a text would wrap.
      rest.map((cell) => make("td", { class: /^[\d\u2009]+$/.test(cell) ? "whole" : null }, cell))));
    return make("div", { class: "scroll", role: "region", "aria-label": head.join(", "), tabindex: "0" },
      make("table", null,
        make("thead", null, make("tr", null, headCells)),
        make("tbody", null, bodyRows)));
  }

  function values(host) {
    const compared = (value, wanted) => {
      if (value === wanted) return String(value);
      return make("span", { class: "off" }, value === null ? "none" : String(value));
    };
    const rows = NAMES.map((name) => {
      const { now, persisted, boot, wanted, wanted_from: from } = host.settings[name];
      const inFile = persisted === null ? make("span", { class: "muted" }, "not set") : compared(persisted, wanted);
      return [name, compared(now, wanted), inFile, compared(boot, wanted), String(wanted), from];
    });
    const dead = host.dead_after === null ? "" : `A dead peer is noticed after ${grouped(host.dead_after)} s.`;
    const limit = host.idle_limit === null ? "" : ` The path forgets an idle connection after ${host.idle_limit} s.`;
    return [
      table(["setting", "now", "in our file", "next boot", "wanted", "wanted by"], rows),
      make("p", { class: "about" }, dead + limit),
    ];
  }

  function bootLines(settings) {
    return NAMES.flatMap((name) => {
      const setting = settings[name];
      const lines = setting.assignments.map(bootLine);
      if (!setting.winner) lines.unshift(kernelDefault(setting.boot));
      return [make("h4", null, name), make("ol", { class: "lines" }, lines)];
    });
  }

  function fateOf(line) {
    if (line.fate !== "winner") return line.fate;
    return line.by ? `wins, read by ${line.by}` : "wins";
  }

  function bootLine(line) {
    const assignment = line.value === null ? `-${line.key}` : `${line.key} = ${line.value}`;
    return make("li", { class: line.fate },
      make("code", null, `${line.path}:${line.line}`),
      make("code", { class: "value" }, assignment),
      make("span", { class: "fate" }, fateOf(line)));
  }

  function kernelDefault(value) {
    return make("li", { class: "winner" },
      make("code", { class: "value" }, String(value)),
      make("span", { class: "fate" }, "the kernel default: no file sets it"));
  }

  function connections(host) {
    const { established, with_keepalive, without_keepalive, unknown, stale } = host.connections;
    const unknownText = unknown ? `, ${grouped(unknown)} unknown` : "";
    const content = [make("p", { class: "about" },
      `${grouped(established)} established: ${grouped(with_keepalive)} with keepalive, ` +
      `${grouped(without_keepalive)} without${unknownText}. ${grouped(stale)} with an older timer.`)];
    if (host.processes.length) content.push(processes(host.processes));
    if (host.processes_unseen) {
      content.push(make("p", { class: "about" },
        `Connections of processes that could not be inspected: ${grouped(host.processes_unseen)}; with --become there are fewer.`));
    }
    return content;
  }

  function processes(list) {
    const head = ["process", "pid", "user", "all", "without keepalive", "older timer"];
    return table(head, list.map((process) => [
      process.command,
      String(process.pid),
      process.user ?? "",
      grouped(process.established),
      grouped(process.without_keepalive),
      grouped(process.stale),
    ]));
  }

  function namespaces(list) {
    const head = ["namespace", "time / probes / intvl", "processes", "same as the host"];
    return table(head, list.map((namespace) => [
      namespace.name ?? String(namespace.inode),
      triple([namespace.time, namespace.probes, namespace.intvl]),
      grouped(namespace.processes),
      namespace.differs ? make("span", { class: "off" }, "no, differs") : "yes",
    ]));
  }

  function problems(list) {
    const items = list.map((problem) => {
      const position = problem.line === null ? problem.path : `${problem.path}:${problem.line}`;
      return make("li", null, make("code", null, position), ": ", problem.problem);
    });
    return make("ul", { class: "findings" }, items);
  }

  // --- the address ---

  const byName = new Map(hosts.map((host) => [host.name, host]));

  /** Return the name of the host in the address of the page, or null. */
  function nameInAddress() {
    try {
      return location.hash.startsWith("#host=") ? decodeURIComponent(location.hash.slice(6)) : null;
    } catch {
      return null;  // not a valid encoding: someone typed the address
    }
  }
  function route() {
    const name = nameInAddress();
    if (byName.has(name)) open(byName.get(name));
    else if (byId("host").open) byId("host").close();
  }
  byId("host").addEventListener("close", () => {
    // The event comes later than the closing: the address may be that of the next host by then.
    if (nameInAddress() === shown) history.replaceState(null, "", location.pathname + location.search);
  });
  byId("host").addEventListener("click", (event) => {
    if (event.target === byId("host")) byId("host").close();
  });
  addEventListener("hashchange", route);
  update();
  route();
})();
