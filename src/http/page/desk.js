// The desk: what waits for a person in one list, exceptions and records that could not be read, and what a person does about it. The server is asked
// first what each act would do, and says no where it can't.

export function deskViews({ api, h, when, age, money, sums, number, table, facts, tag, link, orderLink, problem, show }) {
  const post = (path, body) => api(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const letterLink = (place, text) => link(`letter/${encodeURIComponent(place)}`, text ?? place);
  const refusal = (cause) => `field "${cause.member}": expected ${cause.expected}`;

  /* A dialog in which a person says who he is and why. `ask` does what is to be done; with `dry` true it only asks what would follow, and `says` tells it. */
  function dialog({ title, intro, fields = [], action, why = 'Why', needsWhy = false, ask, says }) {
    const who = h('input', { id: 'who', required: true, value: localStorage.getItem('who') ?? '' });
    const reason = h('input', { id: 'why', required: needsWhy });
    const told = h('div', { role: 'status' });
    const send = h('button', { class: 'go', type: 'submit' }, action);
    const first = says ? h('button', { type: 'button', onclick: () => run(true) }, 'What would follow?') : null;
    const box = h('dialog', { 'aria-labelledby': 'dialog-title' }, h('form', { method: 'dialog', onsubmit: (event) => { event.preventDefault(); run(false); } },
      h('h2', { id: 'dialog-title' }, title), intro, fields,
      h('label', { for: 'who' }, 'Who does it'), who, h('label', { for: 'why' }, why), reason, told,
      h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => box.close() }, 'Cancel'), first, send)));
    async function run(dry) {
      send.disabled = true;
      try {
        localStorage.setItem('who', who.value);
        const answer = await ask({ who: who.value, why: reason.value }, dry);
        if (!dry && answer?.now?.refused) throw new Error(`It is refused again, and stays: ${answer.now.refused.sentence}`);
        if (!dry) return box.close();
        told.replaceChildren(...[says(answer)].flat(9).filter(Boolean));
      } catch (error) {
        told.replaceChildren(problem(error));
      }
      send.disabled = false;
    }
    box.addEventListener('close', () => { box.remove(); show(); });
    document.body.append(box);
    box.showModal();
  }
  const named = (it) => (it.about === 'sku' ? { sku: it.entity } : it.about === 'order' ? { order: it.entity } : it.about === 'customer' ? { customer: it.entity } : {});

  function decide(it) {
    const choice = h('select', { id: 'choice' }, it.decisions.map((each) => h('option', { value: each.choice }, each.choice)));
    const amount = h('input', { id: 'amount', inputmode: 'decimal', placeholder: it.at_risk ? `${it.at_risk}: what is at risk now` : 'none' });
    const takes = () => { const can = it.decisions.find((each) => each.choice === choice.value)?.takes_amount; amount.disabled = !can; if (!can) amount.value = ''; };
    choice.addEventListener('change', takes);
    takes();
    dialog({
      title: `${it.kind} of ${it.order_number ?? it.entity}`, action: 'Settle it',
      intro: [h('p', {}, it.sentence), h('p', { class: 'soft' }, it.to_do)],
      fields: [h('label', { for: 'choice' }, 'Decision'), choice, h('label', { for: 'amount' }, 'Amount (left empty: what is at risk now)'), amount],
      ask: (person) => post('/decisions', {
        kind: it.kind, number: it.number, choice: choice.value, decided_at: new Date().toISOString(), ...named(it), ...person,
        ...(amount.value ? { amount: amount.value } : {}),
      }),
    });
  }

  // The choices that all of them have.
  function decideAll(chosen) {
    const common = chosen.map((it) => it.decisions.map((each) => each.choice)).reduce((all, own) => all.filter((choice) => own.includes(choice)));
    const choice = h('select', { id: 'choice' }, common.map((each) => h('option', { value: each }, each)));
    dialog({
      title: `${chosen.length} exceptions`, action: 'Settle them', intro: common.length ? null : h('p', { class: 'problem' }, 'No decision settles all of these.'),
      fields: [h('label', { for: 'choice' }, 'Decision'), choice],
      ask: (person, dry) => post(`/decisions/bulk${dry ? '?dry-run' : ''}`, { keys: chosen.map((it) => it.key), choice: choice.value, ...person }),
      says: (answer) => [h('p', {}, `${number(answer.count)} would be settled; at risk: ${sums(answer.at_risk) || 'nothing'}.`),
        h('ul', {}, answer.refusals.map((each) => h('li', {}, `${each.key}: ${each.why}`)))],
    });
  }
  const note = (it) => {
    const text = h('textarea', { id: 'note', rows: 3, required: true });
    dialog({
      title: `Note to ${it.kind} of ${it.order_number ?? it.entity}`, action: 'Write it', fields: [h('label', { for: 'note' }, 'Note'), text],
      ask: ({ who }) => post('/acts', { act: 'note', exception: it.key, note: text.value, who }),
    });
  };
  const own = (it) => {
    const owner = h('input', { id: 'owner', value: it.owner || (localStorage.getItem('who') ?? '') });
    dialog({
      title: `Who has ${it.kind} of ${it.order_number ?? it.entity}?`, action: 'Give it',
      fields: [h('label', { for: 'owner' }, 'Taken up by (empty: nobody)'), owner],
      ask: ({ who }) => post('/acts', { act: 'own', exception: it.key, owner: owner.value, who }),
    });
  };

  async function desk(_, query) {
    const asked = new URLSearchParams();
    for (const name of ['kind', 'about', 'entity', 'owner', 'sort', 'after']) if (query.get(name)) asked.set(name, query.get(name));
    const [list, letters] = await Promise.all([api(`/exceptions?${asked}`), api('/dead-letters?limit=1')]);
    const to = (changes) => {
      const next = new URLSearchParams(asked);
      next.delete('after');
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return `#/desk?${next}`;
    };
    const kinds = list.kinds.map((kind) => [h('a', { href: to({ kind: kind.kind, about: kind.about }) }, kind.kind), kind.theme, number(kind.open), `${age(kind.oldest)}`, sums(kind.at_risk)]);
    if (letters.total) kinds.push([link('letters', 'records that could not be read'), 'dead letters', number(letters.total), age(letters.letters[0]?.since ?? letters.causes[0].first), '']);
    const about = (it) => (it.about === 'order' ? orderLink(it.entity, it.order_number ?? it.entity) : it.about === 'sku' ? link(`sku/${encodeURIComponent(it.entity)}`, it.entity) : it.entity);
    const boxes = new Map();
    const settle = h('button', { disabled: true, onclick: () => decideAll([...boxes].filter(([box]) => box.checked).map(([, it]) => it)) }, 'Settle those selected…');
    const tick = () => { settle.disabled = ![...boxes.keys()].some((box) => box.checked); };
    const box = (it) => {
      if (!it.decisions.length || !['order', 'sku'].includes(it.about)) return '';
      const made = h('input', { type: 'checkbox', 'aria-label': `Select ${it.kind} of ${it.order_number ?? it.entity}`, onchange: tick });
      boxes.set(made, it);
      return made;
    };
    const every = h('input', { type: 'checkbox', 'aria-label': 'Select all', onchange: () => { for (const each of boxes.keys()) each.checked = every.checked; tick(); } });
    const notes = (it) => it.notes.map((each) => h('p', { class: 'soft small' }, `${each.who}: ${each.text} `, when(each.at)));
    const one = (it) => ({ since: it.since, cells: [
      box(it), h('span', {}, h('strong', {}, it.kind), it.number ? ` ${it.number}` : ''), about(it),
      h('span', {}, it.sentence, h('br'), h('span', { class: 'soft small' }, it.to_do), notes(it)), it.at_risk ? money(it.at_risk, it.currency) : '', `${age(it.since)}`,
      h('span', {}, it.owner ? `${it.owner} ` : '', h('button', { onclick: () => own(it) }, it.owner ? 'Give…' : 'Take up…')),
      h('span', {}, h('button', { onclick: () => note(it) }, 'Note…'), ' ',
        it.decisions.length ? h('button', { onclick: () => decide(it) }, 'Settle…') : h('span', { class: 'soft small' }, 'by its rows')),
    ] });
    const unread = (cause) => ({ since: cause.first, cells: ['', h('strong', {}, 'dead letters'), cause.source,
      h('span', {}, `${number(cause.count)} of ${cause.topic}: ${refusal(cause)}`), '', age(cause.first), '',
      link(`letters?cause=${cause.cause}`, 'Look at them')] });
    const rows = list.exceptions.map(one);
    // In one list: the oldest first, or behind all that has money at risk.
    const narrowed = ['kind', 'about', 'entity', 'owner', 'after'].some((name) => asked.get(name));
    if (!narrowed) rows.push(...letters.causes.map(unread));
    if (query.get('sort') !== 'at-risk') rows.sort((left, right) => (left.since < right.since ? -1 : left.since > right.since ? 1 : 0));
    const mine = localStorage.getItem('who');
    return ['Desk', [
      h('h1', {}, 'What waits for a person'),
      kinds.length ? table('By kind', [['kind'], ['theme'], ['open', 1], ['oldest', 1], ['at risk', 1]], kinds) : h('p', {}, tag('Nothing waits for a person', 'good')),
      h('div', { class: 'filters' }, h('span', {}, `${number(list.total)} exceptions`), h('label', {}, every, ' all'), settle,
        h('a', { href: to({ sort: query.get('sort') === 'at-risk' ? null : 'at-risk' }) }, query.get('sort') === 'at-risk' ? 'oldest first' : 'most money first'),
        mine ? h('a', { href: to({ owner: mine }) }, 'mine') : null,
        narrowed ? h('a', { href: '#/desk' }, `all (now: ${['kind', 'entity', 'owner'].map((name) => asked.get(name)).filter(Boolean).join(', ')})`) : null),
      rows.length ? table('Waiting', [['', 0], ['kind'], ['about'], ['what is wrong, and what to do'], ['at risk', 1], ['for', 1], ['taken up by'], ['']], rows.map((row) => row.cells)) : null,
      list.next ? h('p', {}, h('a', { href: to({ after: list.next }) }, 'more')) : null,
    ]];
  }

  /* Records that could not be read */

  const now = (it) => {
    if (it?.refused) return h('p', { class: 'problem' }, `Read now, it is refused: ${it.refused.sentence}`);
    if (!it?.rows) return h('p', {}, `Read now, no row comes out: ${it?.skipped ?? it?.gone ?? ''}`);
    return [h('p', {}, tag(`Read now, it gives ${it.rows.length === 1 ? '1 row' : `${it.rows.length} rows`}`, 'good')),
      table('Rows', [['row'], ['of'], ['id'], ['content']], it.rows.map((row) => [row.row, row.of, row.id, h('code', {}, JSON.stringify(row.content))]))];
  };
  const retry = (which, title) => dialog({
    title, action: 'Read again', ask: (person, dry) => post(`/acts${dry ? '?dry-run' : ''}`, { act: 'retry', ...which, ...person }),
    says: (answer) => (answer.now ? now(answer.now) : h('p', {}, `${number(answer.read)} can be read, ${number(answer.refused + answer.gone)} cannot${answer.next ? `; ${number(answer.rest)} more are left for the next time` : ''}.`)),
  });
  const discard = (which, title) => dialog({
    title, action: 'Discard', why: 'Why it may stay unread', needsWhy: true,
    ask: (person, dry) => post(`/acts${dry ? '?dry-run' : ''}`, { act: 'discard', ...which, ...person }),
    says: (answer) => h('p', {}, `${number(answer.discarded)} would be discarded.`),
  });
  const edit = (it) => {
    const value = h('textarea', { id: 'value', rows: 16, spellcheck: 'false', class: 'code' });
    value.value = it.text?.text ?? '';
    dialog({
      title: `Read ${it.place} with another value`, action: 'Read it so', fields: [h('label', { for: 'value' }, 'The whole value, as it is to be read'), value],
      ask: (person, dry) => post(`/acts${dry ? '?dry-run' : ''}`, { act: 'edit', place: it.place, value: value.value, ...person }),
      says: (answer) => [h('ul', {}, (answer.changes ?? []).map((each) => h('li', {}, `${each.path}: ${JSON.stringify(each.before)} → ${JSON.stringify(each.after)}`))), now(answer.now)],
    });
  };

  async function letters(_, query) {
    const asked = new URLSearchParams();
    for (const name of ['source', 'topic', 'cause', 'after']) if (query.get(name)) asked.set(name, query.get(name));
    const list = await api(`/dead-letters?${asked}`);
    const causes = list.causes.map((cause) => [link(`letters?cause=${cause.cause}`, cause.cause), link(`letters?source=${encodeURIComponent(cause.source)}`, cause.source), cause.topic,
      refusal(cause), number(cause.count), age(cause.first), age(cause.last),
      h('span', {}, h('button', { onclick: () => retry({ cause: cause.cause }, `Read ${number(cause.count)} records again`) }, 'Read again…'), ' ',
        h('button', { onclick: () => discard({ cause: cause.cause }, `Discard ${number(cause.count)} records`) }, 'Discard…'))]);
    const rows = list.letters.map((it) => [letterLink(it.place), it.source, it.refused, age(it.since), number(it.tries)]);
    return ['Dead letters', [
      h('h1', {}, 'Records that could not be read'),
      causes.length ? table('Causes', [['cause'], ['source'], ['topic'], ['what is wrong'], ['records', 1], ['first', 1], ['last', 1], ['']], causes) : h('p', {}, tag('Every record could be read', 'good')),
      list.unlisted ? h('p', { class: 'case' }, `${number(list.unlisted)} of them are only counted: mend the cause, then set the source's offsets back.`) : null,
      [...asked.keys()].length ? h('p', { class: 'filters' }, link('letters', 'all')) : null,
      rows.length ? table('Records', [['place'], ['source'], ['why it was refused'], ['for', 1], ['tries', 1]], rows) : null,
      list.next ? h('p', {}, link(`letters?${new URLSearchParams([...asked.entries(), ['after', list.next]])}`, 'more')) : null,
    ]];
  }

  const letterPath = (place) => {
    const [, topic, partition, offset] = /^(.*)\[(\d+)\]@(\d+)$/.exec(place) ?? [];
    return `/dead-letters/${encodeURIComponent(topic)}/${partition}/${offset}`;
  };
  const bytes = (it) => (it === null ? 'null' : typeof it === 'string' ? it : `base64 ${it.base64}`);

  async function letter(place) {
    const it = await api(letterPath(place));
    const lines = (it.text?.text ?? (it.record ? bytes(it.record.value) : '')).split('\n').map((line, at) => h('span', { class: at + 1 === it.text?.line ? 'refused' : null }, `${line}\n`));
    return [`Dead letter ${place}`, [
      h('h1', {}, place),
      h('p', {}, link(`letters?cause=${it.cause}`, `all of cause ${it.cause}`)),
      facts([['source', it.source], ['written', when(it.written_at)], ['refused first', when(it.since)], ['tried', `${it.tries} times`], ['refused last', when(it.tried_at)], ['member', it.text?.path]]),
      it.gone ? h('p', { class: 'problem' }, it.gone) : null,
      h('div', { class: 'filters' },
        h('button', { onclick: () => retry({ place }, `Read ${place} again`) }, 'Read again…'), h('button', { onclick: () => edit(it) }, 'Edit…'),
        h('button', { onclick: () => discard({ place }, `Discard ${place}`) }, 'Discard…')),
      it.now ? now(it.now) : null,
      it.record ? [h('h2', {}, 'The record, as it came'), facts([['key', h('code', {}, bytes(it.record.key))], ...it.record.headers.map(([name, value]) => [bytes(name), h('code', {}, bytes(value))])]),
        h('pre', { class: 'scroll', tabindex: '0' }, lines)] : null,
    ]];
  }

  return { desk, letters, letter };
}
