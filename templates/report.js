// Search over the cases of this page. It reads text that the page has, hides cases that do not match, says how many are
// left, and keeps what was asked in the location hash. It writes no markup; without it every case is shown.
(() => {
  'use strict';
  const [bar, query, outcome, shown] =
    ['search', 'query', 'outcome', 'shown'].map((id) => document.getElementById(id));
  const folders = [...document.querySelectorAll('.folder')];
  const cases = [...document.querySelectorAll('.case')].map((element) => ({ element, text: undefined }));
  const summaries = () => cases.filter((one) => !one.element.hidden).map((one) => one.element.firstElementChild);

  // Id, outcome, sentence and requirements; not the messages, which anybody may have written.
  const textOf = (one) =>
    (one.text ??= [...one.element.querySelectorAll('.sought')].map((part) => part.textContent).join('\n').toLowerCase());

  const search = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const one of cases) {
      const matches =
        (outcome.value === '' || one.element.dataset.outcome === outcome.value) &&
        words.every((word) => textOf(one).includes(word));
      one.element.hidden = !matches;
      left += matches;
    }
    for (const folder of folders) folder.hidden = folder.querySelector('.case:not([hidden])') === null;
    const number = (count) => count.toLocaleString('en');
    shown.value = `${number(left)} of ${number(cases.length)} shown`;
  };

  const remember = () => {
    const state = new URLSearchParams();
    if (query.value.trim() !== '') state.set('q', query.value.trim());
    if (outcome.value !== '') state.set('outcome', outcome.value);
    history.replaceState(null, '', String(state) === '' ? '#cases' : `#search?${state}`);
  };

  const ask = (words, wanted) => {
    query.value = words;
    outcome.value = [...outcome.options].some((option) => option.value === wanted) ? wanted : '';
    search();
  };

  // A link to a case opens it, also where the search had hidden it.
  const follow = () => {
    const hash = location.hash.slice(1);
    if (hash.startsWith('search?')) {
      const state = new URLSearchParams(hash.slice('search?'.length));
      ask(state.get('q') ?? '', state.get('outcome') ?? '');
      bar.scrollIntoView();
      return;
    }
    const found = document.getElementById(hash)?.closest('.case');
    if (!found) return;
    if (found.hidden) ask('', '');
    found.open = true;
    found.scrollIntoView();
    // What comes into view has another height than was reckoned with.
    requestAnimationFrame(() => found.scrollIntoView());
  };

  let waiting;
  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { search(); remember(); }, 120);
  };
  query.addEventListener('input', changed);
  outcome.addEventListener('input', changed);
  addEventListener('hashchange', follow);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = summaries().indexOf(document.activeElement);
    if (event.key === '/' && !event.target.matches('input, select')) query.focus();
    else if (event.key === 'Escape' && event.target.closest('#search')) { ask('', ''); remember(); }
    else if (event.key === 'ArrowDown' && (at >= 0 || event.target === query)) summaries()[at + 1]?.focus();
    else if (event.key === 'ArrowUp' && at >= 0) (summaries()[at - 1] ?? query).focus();
    else return;
    event.preventDefault();
  });

  bar.hidden = false;
  search();
  follow();
})();
