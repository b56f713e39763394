// Search over the cases of this page, and copying of commands. It reads text that the page has, hides cases that do not
// match, says how many are left, and keeps what was asked in the location hash. It writes no markup; without it every case
// is shown, and commands can be marked by hand.
(() => {
  'use strict';
  const [bar, query, shown] = ['search', 'query', 'shown'].map((id) => document.getElementById(id));
  const choices = ['outcome', 'level', 'port', 'requirement'].map((id) => document.getElementById(id));
  const [outcome, level, port, requirement] = choices;
  const folders = [...document.querySelectorAll('.folder')].map((element) => ({ element, cases: [] }));
  const cases = [];
  for (const folder of folders) {
    for (const element of folder.element.querySelectorAll(':scope > .case')) {
      const one = { element, text: undefined, rows: undefined };
      folder.cases.push(one);
      cases.push(one);
    }
  }
  const summaries = () => cases.filter((one) => !one.element.hidden).map((one) => one.element.firstElementChild);

  // Id, outcome, sentence and requirements; not the messages, which anybody may have written.
  const textOf = (one) =>
    (one.text ??= [...one.element.querySelectorAll('.sought')].map((part) => part.textContent).join('\n').toLowerCase());
  const rowsOf = (one) =>
    (one.rows ??= [...one.element.querySelectorAll('.sought a')].map((link) => link.hash.slice('#req-'.length)));
  const chosen = (choice, value) => choice.value === '' || choice.value === value;

  const search = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const folder of folders) {
      let here = 0;
      for (const one of folder.cases) {
        const data = one.element.dataset;
        const matches =
          chosen(outcome, data.outcome) && chosen(level, data.level) && chosen(port, data.port) &&
          (requirement.value === '' || rowsOf(one).includes(requirement.value)) &&
          words.every((word) => textOf(one).includes(word));
        if (one.element.hidden === matches) one.element.hidden = !matches;
        here += matches;
      }
      folder.element.hidden = here === 0;
      left += here;
    }
    const number = (count) => count.toLocaleString('en');
    shown.value = `${number(left)} of ${number(cases.length)} shown`;
  };

  const remember = () => {
    const state = new URLSearchParams();
    if (query.value.trim() !== '') state.set('q', query.value.trim());
    for (const choice of choices) if (choice.value !== '') state.set(choice.id, choice.value);
    history.replaceState(null, '', String(state) === '' ? '#cases' : `#search?${state}`);
  };

  const ask = (state) => {
    query.value = state.get('q') ?? '';
    for (const choice of choices) {
      const wanted = state.get(choice.id) ?? '';
      choice.value = [...choice.options].some((option) => option.value === wanted) ? wanted : '';
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
    const found = document.getElementById(hash)?.closest('.case');
    if (!found) return;
    if (found.hidden) ask(new URLSearchParams());
    found.open = true;
    found.scrollIntoView();
    // What comes into view has another height than was reckoned with.
    requestAnimationFrame(() => found.scrollIntoView());
  };

  const copy = async (button, code) => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Not every browser lets a file copy: the command is marked, to be copied by hand.
      getSelection().selectAllChildren(code);
      copied = document.execCommand('copy');
    }
    button.textContent = copied ? 'Copied' : 'Marked: copy it';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  };
  const offer = (within) => {
    for (const code of within.querySelectorAll('.command > code:only-child')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      button.setAttribute('aria-label', 'Copy the command');
      button.addEventListener('click', () => copy(button, code));
      code.after(button);
    }
  };
  document.getElementById('findings').querySelectorAll('.finding').forEach(offer);
  document.querySelectorAll('.case[open]').forEach(offer);
  document.addEventListener('toggle', (event) => {
    if (event.target.open && event.target.matches('.case')) offer(event.target);
  }, true);

  let waiting;
  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { search(); remember(); }, 120);
  };
  for (const field of [query, ...choices]) field.addEventListener('input', changed);
  addEventListener('hashchange', follow);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    const left = arrow ? summaries() : [];
    const at = left.indexOf(document.activeElement);
    if (event.key === '/' && !event.target.matches('input, select')) query.focus();
    else if (event.key === 'Escape' && event.target.closest('#search')) { ask(new URLSearchParams()); remember(); }
    else if (event.key === 'ArrowDown' && (at >= 0 || event.target === query)) left[at + 1]?.focus();
    else if (event.key === 'ArrowUp' && at >= 0) (left[at - 1] ?? query).focus();
    else return;
    event.preventDefault();
  });

  bar.hidden = false;
  search();
  follow();
})();
