// Lists the cases of this page, searches them, opens their details, and copies commands. The page carries the cases as data:
// an index, and details in packed blocks, which are unpacked when a case is opened. A part of the list is shown at a time.
// Text becomes text and never markup; what was asked is kept in the location hash.
(() => {
  'use strict';
  const MOST = 200;
  const OPEN = 12;
  const byId = (id) => document.getElementById(id);
  const index = JSON.parse(byId('index').textContent);
  const [bar, query, shown, list] = ['search', 'query', 'shown', 'list'].map(byId);
  const choices = ['outcome', 'level', 'port', 'requirement'].map(byId);
  const [outcome, level, port, requirement] = choices;
  const [pages, earlier, part, later, every] = ['pages', 'earlier', 'part', 'later', 'every'].map(byId);
  const number = (count) => count.toLocaleString('en');

  // Elements.

  const make = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== ''));
    return element;
  };
  const code = (text, className) => make('code', className, text);
  const mark = (word) => {
    const symbol = make('span', '', word.symbol);
    symbol.setAttribute('aria-hidden', 'true');
    return make('span', `mark ${word.tone}`, symbol, ` ${word.word}`);
  };
  const facts = (rows) =>
    make('dl', '', rows.filter(([, value]) => value !== undefined).map(([name, value, className]) =>
      [make('dt', '', name), make('dd', className, value)]));
  const fold = (summary, ...children) => make('details', 'exchange', make('summary', '', summary), ...children);
  const cut = (is, text) => (is ? make('p', 'reason', text) : undefined);
  const whole = 'Cut here; report.json has the whole message.';

  // Details.

  const isNotable = (at) => ['bad', 'caution'].includes(index.outcomes[index.cases[at][0]].tone);

  const pieces = (all, tag) => all.map((piece) => (piece.differs ? make(tag, '', piece.text) : piece.text));
  const compared = (check) => {
    if (check.beside) {
      const side = (title, all, tag) => make('div', '', make('h4', '', title), make('pre', '', pieces(all, tag)));
      return make('div', 'beside', side('Expected', check.beside.expected, 'del'), side('Got', check.beside.got, 'ins'));
    }
    if (check.expected === undefined && check.got === undefined) return undefined;
    return facts([['Expected', check.expected, 'value'], ['Got', check.got, 'value']]);
  };
  const head = (...names) =>
    make('thead', '', make('tr', '', names.map((name) => {
      const cell = make('th', '', name);
      cell.scope = 'col';
      return cell;
    })));
  const table = (caption, all) => {
    const rows = all.map((check) => make('tr', '',
      make('td', '', mark(check.word), make('span', 'level', check.layer)),
      make('td', '', `${check.message} `, code(check.requirement, 'id'), ' ', code(check.id, 'id'), compared(check))));
    return make('table', 'checks', caption && make('caption', '', caption), head('Outcome', 'Check'), make('tbody', '', rows));
  };
  // Where something did not pass, that is what is looked for.
  const checks = (all) => {
    const [passed, others] = [true, false].map((is) => all.filter((check) => (check.word.word === 'pass') === is));
    if (others.length === 0) return all.length > 0 && table('Checks', all);
    const more = passed.length > 0 && fold(`${number(passed.length)} checks that passed`, table('', passed));
    return [table('Checks', others), more];
  };
  const exchange = (open) => (message) => {
    const title = [`${message.title}: `, code(message.operation), ' '];
    const response = message.response === undefined
      ? make('p', '', `No message came back: ${message.outcome}.`)
      : make('pre', '', message.response);
    const shown = fold([...title, make('span', 'aside', `${message.outcome}, ${message.took}`)],
      make('h4', '', 'Request'), make('pre', '', message.request), cut(message.request_cut, whole),
      make('h4', '', 'Response'), response, cut(message.response_cut, whole));
    shown.open = open;
    return shown;
  };
  // A picture is the harness's own, with every text in it escaped; what does not read as one is left out.
  const picture = (open) => ({ title, svg }) => {
    const drawn = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    if (drawn.localName !== 'svg' || drawn.querySelector('parsererror')) return undefined;
    const shown = fold(title, make('div', 'wire', document.importNode(drawn, true)));
    shown.open = open;
    return shown;
  };
  // Another execution of a case, which came to something else.
  const execution = (other) =>
    fold([`${other.title} `, make('span', 'aside', other.reason)], other.exchanges.map(exchange(false)),
      other.trace && [make('h4', '', 'Trace'), make('pre', '', other.trace)]);
  const requirementOf = (place) => {
    const [row, id] = index.requirements[place];
    if (row === null) return make('li', '', code(id));
    const link = make('a', '', code(id));
    link.href = `#req-${row}`;
    return make('li', '', link);
  };
  const body = (at, told) => [
    make('p', '', told.about),
    told.reason && make('p', 'reason', told.reason),
    facts([
      ['Decides', make('ul', 'names', index.cases[at][4].map(requirementOf))],
      ['Where', code(told.source)],
      ['Kind', `${told.kind}, ${told.took}`],
      ['Twin', told.twin && code(told.twin)],
      ['Seed', code(told.seed)],
      ['Made up', told.generated && [`${told.generated.tried}: `,
        told.generated.values.map(([name, value]) => [code(`${name} = "${value}"`), ' '])].flat(2)],
      ['Replay', code(told.replay), 'command'],
    ]),
    told.steps.length > 0 && make('h4', '', 'Steps'),
    told.steps.length > 0 && make('ol', 'steps', told.steps.map((step) => make('li', '', step))),
    cut(told.brief, 'Its checks and messages are in report.json.'),
    checks(told.checks),
    told.exchanges.map(exchange(isNotable(at))),
    cut(told.left_out > 0, `${number(told.left_out)} more exchanges in report.json`),
    told.pictures?.map(picture(isNotable(at))),
    told.trace && fold('Trace', make('pre', '', told.trace)),
    told.wire && fold('Records on the wire', make('pre', 'wire', told.wire),
      cut(told.wire_cut, 'Cut here; report.json has the rest.')),
    told.other && execution(told.other),
  ].flat().filter(Boolean);

  const unpacked = new Map();
  const unpack = async (block) => {
    const letters = atob(document.getElementsByClassName('block')[block].textContent);
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return JSON.parse(await new Response(stream).text());
  };
  const detailsOf = async (at) => {
    let block = 0;
    while (index.blocks[block + 1] <= at) block += 1;
    if (!unpacked.has(block)) unpacked.set(block, unpack(block));
    return (await unpacked.get(block))[at - index.blocks[block]];
  };

  const copy = async (button, text) => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      // Not every browser lets a file copy: the command is marked, to be copied by hand.
      getSelection().selectAllChildren(text);
      copied = document.execCommand('copy');
    }
    button.textContent = copied ? 'Copied' : 'Marked: copy it';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  };
  const offer = (within) => {
    for (const command of within.querySelectorAll('.command > code:only-child')) {
      const button = make('button', 'copy', 'Copy');
      button.type = 'button';
      button.setAttribute('aria-label', 'Copy the command');
      button.addEventListener('click', () => copy(button, command));
      command.after(button);
    }
  };

  // The list.

  const rows = new Map();
  const fill = async (element, at) => {
    element.dataset.filled = 'begun';
    try {
      const told = await detailsOf(at);
      element.append(...body(at, told));
      offer(element);
    } catch {
      element.append(make('p', 'reason', 'This browser cannot unpack the details; they are in report.json.'));
    }
    element.dataset.filled = 'yes';
  };
  const rowOf = (at) => {
    if (!rows.has(at)) {
      const entry = index.cases[at];
      const element = make('details', 'case', make('summary', '', mark(index.outcomes[entry[0]]), ' ', code(entry[5])));
      element.id = `case-${at}`;
      element.addEventListener('toggle', () => {
        if (element.open && !element.dataset.filled) fill(element, at);
      });
      rows.set(at, element);
    }
    return rows.get(at);
  };

  // What did not pass comes first, in the order of the suite.
  const ranks = ['fail', 'error', 'warn', 'inconclusive', 'pass', 'skip'];
  const order = ranks.flatMap((rank) => {
    const of = index.outcomes.findIndex((outcome) => outcome.word === rank);
    return index.cases.flatMap((entry, at) => (entry[0] === of ? [at] : []));
  });
  let left = order;
  let from = 0;
  const show = (first) => {
    from = Math.max(0, Math.min(first, left.length - 1));
    from -= from % MOST;
    const here = left.slice(from, from + MOST);
    const elements = [];
    let heading;
    for (const at of here) {
      const of = index.cases[at][0];
      if (of !== heading) {
        heading = of;
        const many = left.reduce((sum, other) => sum + (index.cases[other][0] === of), 0);
        elements.push(make('h3', '', mark(index.outcomes[of]), ' ', make('span', 'aside', number(many))));
      }
      elements.push(rowOf(at));
    }
    list.replaceChildren(...elements);
    shown.value = `${number(left.length)} of ${number(index.cases.length)} cases`;
    pages.hidden = left.length <= MOST;
    part.textContent = `${number(from + 1)} to ${number(from + here.length)} of ${number(left.length)}`;
    earlier.disabled = from === 0;
    later.disabled = from + MOST >= left.length;
  };
  const turn = (by, last) => {
    show(from + by);
    const summaries = list.querySelectorAll('.case > summary');
    summaries[last ? summaries.length - 1 : 0]?.focus();
  };

  // The search. A word is looked for in what many cases share once.

  const lower = (texts) => texts.map((text) => text.toLowerCase());
  const shared = {
    outcomes: lower(index.outcomes.map((word) => word.word)),
    abouts: lower(index.abouts),
    requirements: lower(index.requirements.map(([, id]) => id)),
  };
  const ids = [];
  const idOf = (at) => (ids[at] ??= index.cases[at][5].toLowerCase());
  const search = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      const holds = (texts) => texts.map((text) => text.includes(word));
      return { word, outcomes: holds(shared.outcomes), abouts: holds(shared.abouts), requirements: holds(shared.requirements) };
    });
    const place = (choice, all) => (choice.value === '' ? -1 : all.indexOf(choice.value));
    const wanted = {
      outcome: place(outcome, shared.outcomes),
      level: place(level, index.levels),
      port: port.value === '' ? -1 : Number(port.value),
      requirement: place(requirement, index.requirements.map(([row]) => String(row))),
    };
    const matches = (at) => {
      const entry = index.cases[at];
      if (wanted.outcome >= 0 && entry[0] !== wanted.outcome) return false;
      if (wanted.level >= 0 && entry[1] !== wanted.level) return false;
      if (wanted.port >= 0 && entry[2] !== wanted.port) return false;
      if (wanted.requirement >= 0 && !entry[4].includes(wanted.requirement)) return false;
      return words.every((one) =>
        idOf(at).includes(one.word) || one.outcomes[entry[0]] || one.abouts[entry[3]] ||
        entry[4].some((requirement) => one.requirements[requirement]));
    };
    left = order.filter(matches);
    show(0);
  };

  let waiting;
  const remember = () => {
    const state = new URLSearchParams();
    if (query.value.trim() !== '') state.set('q', query.value.trim());
    for (const choice of choices) if (choice.value !== '') state.set(choice.id, choice.value);
    history.replaceState(null, '', String(state) === '' ? '#cases' : `#search?${state}`);
  };
  const ask = (state) => {
    query.value = state.get('q') ?? '';
    for (const choice of choices) {
      const value = state.get(choice.id) ?? '';
      choice.value = [...choice.options].some((option) => option.value === value) ? value : '';
    }
    search();
  };

  // A link to a case opens it, also where the search had hidden it.
  const follow = () => {
    const hash = location.hash.slice(1);
    if (hash.startsWith('search?')) {
      ask(new URLSearchParams(hash.slice('search?'.length)));
      bar.scrollIntoView();
      return;
    }
    const at = /^case-\d+$/.test(hash) ? Number(hash.slice('case-'.length)) : index.cases.length;
    if (at >= index.cases.length) return;
    if (!left.includes(at)) ask(new URLSearchParams());
    show(left.indexOf(at));
    const found = rowOf(at);
    for (const other of list.querySelectorAll('.sought')) other.classList.remove('sought');
    found.classList.add('sought');
    found.open = true;
    found.firstElementChild.focus({ preventScroll: true });
    found.scrollIntoView();
    // What comes into view has another height than was reckoned with.
    requestAnimationFrame(() => found.scrollIntoView());
  };

  for (const field of [query, ...choices]) {
    field.addEventListener('input', () => {
      search();
      clearTimeout(waiting);
      waiting = setTimeout(remember, 200);
    });
  }
  earlier.addEventListener('click', () => turn(-MOST));
  later.addEventListener('click', () => turn(MOST));
  every.addEventListener('click', () => {
    for (const element of list.querySelectorAll('.case')) element.open = true;
  });
  addEventListener('hashchange', follow);
  document.addEventListener('click', (event) => {
    // A link to where the page is already changes nothing, and is followed all the same.
    const link = event.target.closest('a[href^="#case-"], a[href^="#search?"]');
    if (link && link.hash === location.hash) follow();
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    const summaries = arrow ? [...list.querySelectorAll('.case > summary')] : [];
    const at = summaries.indexOf(document.activeElement);
    if (event.key === '/' && !event.target.matches('input, select')) query.focus();
    else if (event.key === 'Escape' && event.target.closest('#search')) { ask(new URLSearchParams()); remember(); }
    else if (event.key === 'ArrowDown' && at >= 0 && at === summaries.length - 1 && !later.disabled) turn(MOST);
    else if (event.key === 'ArrowDown' && (at >= 0 || event.target === query)) summaries[at + 1]?.focus();
    else if (event.key === 'ArrowUp' && at === 0 && from > 0) turn(-MOST, true);
    else if (event.key === 'ArrowUp' && at >= 0) (summaries[at - 1] ?? query).focus();
    else return;
    event.preventDefault();
  });

  bar.hidden = false;
  show(0);
  // What did not pass is open at first, so that it is printed too.
  addEventListener('DOMContentLoaded', () => {
    offer(byId('findings'));
    const notable = left.slice(0, MOST).filter(isNotable);
    for (const at of notable.slice(0, OPEN)) rowOf(at).open = true;
    follow();
  });
})();
