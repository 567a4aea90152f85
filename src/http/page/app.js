// The page. Every view is made from one or two answers of /api/v1, with elements and never with HTML text: nothing of a record can become markup.

import { deskViews } from './desk.js';

const main = document.getElementById('main');
const stateLine = document.getElementById('state');
const openCount = document.getElementById('open');

/* What all views use */

async function api(path, options) {
  const response = await fetch('/api/v1' + path, options);
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { body = text; }
  if (!response.ok) throw new Error(body?.detail ?? `${response.status} ${response.statusText}`);
  return body;
}

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Moments as their day and time in this browser's zone; the title has them as they came.
const shown = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
function when(moment) {
  if (!moment) return h('span', { class: 'soft' }, 'never');
  return h('time', { datetime: moment, title: moment }, shown.format(new Date(moment)));
}
function age(moment) {
  const seconds = Math.max(0, (Date.now() - new Date(moment)) / 1000);
  const steps = [[86400 * 2, 86400, 'd'], [7200, 3600, 'h'], [120, 60, 'min'], [0, 1, 's']];
  const [, unit, name] = steps.find(([from]) => seconds >= from);
  return `${Math.floor(seconds / unit)} ${name}`;
}
// With the digits of its currency.
function money(amount, currency) {
  try { return new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'code' }).format(amount); } catch { return `${amount} ${currency}`; }
}
const sums = (all) => Object.entries(all).map(([currency, sum]) => money(sum, currency)).join(', ');
const number = (value) => Number(value).toLocaleString();

function table(caption, columns, rows, empty = 'none') {
  if (!rows.length) return h('p', { class: 'soft' }, `${caption}: ${empty}`);
  const head = h('tr', {}, columns.map(([title, numeric]) => (title ? h('th', { scope: 'col', class: numeric ? 'n' : null }, title) : h('td', {}))));
  const body = rows.map((cells) => h('tr', {}, cells.map((cell, i) => h('td', { class: columns[i][1] ? 'n' : null }, cell ?? ''))));
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, body)));
}
const facts = (pairs) => h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined)
  .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
const tag = (text, kind) => h('span', { class: `tag ${kind ?? ''}` }, text);
const link = (to, text) => h('a', { href: `#/${to}` }, text);
const orderLink = (key, text) => link(`order/${encodeURIComponent(key)}`, text ?? key);
const problem = (error) => h('p', { class: 'problem', role: 'alert' }, error.message ?? String(error));

/* The views: each gives a title and elements */

// Rates are differences of two looks.
let before = null;
async function flow() {
  const now = { at: Date.now(), flow: await api('/flow') };
  const last = before && now.at - before.at < 60_000 ? before : null;
  before = now;
  const seconds = last ? (now.at - last.at) / 1000 : null;
  const rate = (value, earlier) => (seconds ? `${number(Math.max(0, (value - (earlier ?? 0)) / seconds).toFixed(1))}` : '…');
  const { flow: it } = now;
  const topicBefore = Object.fromEntries((last?.flow.topics ?? []).map((each) => [each.topic, each.events]));
  const sources = Object.entries(it.sources).map(([name, source]) => [
    name,
    tag(source.state.replace('-', ' '), source.state === 'reading' ? 'good' : source.state === 'topics-missing' ? 'bad' : ''),
    number(source.records), rate(source.records, last?.flow.sources[name]?.records), number(source.lag_records),
    source.last_record_at ? `${age(source.last_record_at)} ago` : '–',
    source.dead_letters ? h('a', { href: `#/letters?source=${encodeURIComponent(name)}` }, tag(number(source.dead_letters), 'bad')) : '0',
    source.topics_missing?.length ? h('details', {}, h('summary', {}, `${source.topics_missing.length} topics not there yet`),
      h('code', {}, source.topics_missing.join(', '))) : '',
  ]);
  const topics = it.topics.map((topic) => [topic.topic, number(topic.events), rate(topic.events, topicBefore[topic.topic])]);
  return ['Flow', [
    h('h1', {}, 'Flow'),
    it.ready ? null : h('p', { class: 'problem', role: 'alert' }, it.waits_for ?? 'not ready'),
    facts([['Waybill', it.version], ['epochs', number(it.epochs)], ['restored', `${number(it.restore.records)} records`]]),
    h('h2', {}, 'What comes in'),
    table('Sources', [['source'], ['state'], ['records', 1], ['a second', 1], ['waiting', 1], ['newest record'], ['dead letters', 1], ['']], sources),
    h('h2', {}, 'What goes out'),
    table('Topics', [['topic'], ['events', 1], ['a second', 1]], topics),
  ]];
}

async function search(text) {
  const found = await api(`/search?text=${encodeURIComponent(text)}`);
  if (found.orders.length === 1 && !found.skus.length) {
    location.replace(`#/order/${encodeURIComponent(found.orders[0].order)}`);
    return ['Search', []];
  }
  const orders = found.orders.map((order) => [orderLink(order.order, order.number ?? order.order), order.channel, order.stage,
    order.placed_at ? when(order.placed_at) : '', order.exceptions ? tag(`${order.exceptions} to look at`, 'warn') : '']);
  return [`Search: ${text}`, [
    h('h1', {}, `Found for ${text}`),
    found.complete ? null : h('p', { class: 'case' }, 'Not everything was looked through: there may be more. A whole number finds at once.'),
    table('Orders', [['order'], ['channel'], ['stage'], ['placed'], ['']], orders, 'no order has this name, parcel, receipt or refund'),
    table('SKUs', [['SKU']], found.skus.map((sku) => [link(`sku/${encodeURIComponent(sku)}`, sku)])),
  ]];
}

function requests(order) {
  return order.why.map((topic) => {
    // What is not due waits for nothing; rows that would raise it may still come.
    const shut = [...(topic.outstanding ? topic.conditions : []), ...topic.waits].filter((gate) => gate.holds === false);
    return [h('span', {}, topic.topic, topic.part ? h('span', { class: 'soft' }, ` ${topic.part}`) : null), topic.due,
      topic.requested, !shut.length && !topic.outstanding ? h('span', { class: 'soft' }, 'nothing more is due') : shut.length ? h('ul', { class: 'waits' }, shut.map((gate) => h('li', {},
        `waits for ${gate.waits_for}${gate.brings ? `, which ${gate.brings} brings` : ''}`, gate.since ? [' since ', when(gate.since)] : null))) : tag('open', 'good')];
  });
}

function timeline(order) {
  const rows = order.rows.filter((row) => row.says).map((row) => ({ ...row, at: row.happened_at }));
  rows.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  const item = (row) => h('li', { class: row.deleted ? 'gone' : null }, when(row.at), h('span', {}, row.source),
    h('span', {}, row.says, row.deleted ? ' (deleted since)' : null, ' ', h('span', { class: 'soft small', title: row.record }, `(${row.row})`)));
  return h('ol', { class: 'timeline' }, rows.map(item));
}

function oneOrder(order) {
  const at = (amount) => money(amount, order.money.currency);
  const open = order.findings.filter((finding) => finding.open);
  const later = order.findings.filter((finding) => !finding.open && !finding.decided);
  const parcels = order.parcels.map((parcel) => [parcel.parcel, parcel.carrier, parcel.tracking ?? '', when(parcel.despatched_at),
    parcel.newest_scan ? h('span', {}, `${parcel.newest_scan}, `, when(parcel.scanned_at)) : 'no scan yet',
    parcel.lines.map(([sku, pieces]) => `${pieces} × ${sku}`).join(', ')]);
  const lines = order.lines.map((line) => [line.line, link(`sku/${encodeURIComponent(line.sku)}`, line.sku), at(line.gross), line.ordered, line.cancelled,
    line.despatched, line.delivered, line.returned, line.kept]);
  const refunds = order.refunds.map((refund) => [refund.source, refund.id, at(refund.amount), refund.tender, refund.state, refund.counts ? '' : 'a repetition', when(refund.at)]);
  const cases = open.map((finding) => h('div', { class: 'case' }, h('p', {}, h('strong', {}, finding.kind), finding.number ? ` ${finding.number}` : ''),
    h('p', {}, finding.sentence), h('p', {}, link(`desk?entity=${encodeURIComponent(order.order)}`, 'settle it at the desk'))));
  return [
    h('h1', {}, `Order ${order.number ?? order.order}`),
    h('p', { class: 'tags' }, [tag(order.stage), tag(`payment ${order.payment}`), order.return_stage !== 'none' ? tag(`returns ${order.return_stage}`) : null,
      ...order.flags.map((flag) => tag(flag, 'warn'))]),
    facts([['channel', order.channel], ['placed', order.placed_at ? when(order.placed_at) : null], ['ERP', order.erp_document],
      ['total', at(order.money.total)], ['captured', at(order.money.captured)], ['due back', at(order.money.due)], ['refunded', at(order.money.refunded)]]),
    cases,
    h('h2', {}, 'What happened'), timeline(order),
    h('h2', {}, 'Lines'),
    table('Lines', [['line'], ['SKU'], ['price', 1], ['ordered', 1], ['cancelled', 1], ['despatched', 1], ['delivered', 1], ['returned', 1], ['kept', 1]], lines),
    parcels.length ? [h('h2', {}, 'Parcels'), table('Parcels', [['parcel'], ['carrier'], ['tracking'], ['despatched'], ['newest scan'], ['content']], parcels)] : null,
    refunds.length ? [h('h2', {}, 'Refunds'), table('Refunds', [['source'], ['id'], ['amount', 1], ['by'], ['state'], [''], ['at']], refunds)] : null,
    h('h2', {}, 'What was asked of whom'),
    table('Requests', [['topic'], ['due'], ['requested'], ['']], requests(order)),
    later.length ? [h('h2', {}, 'To be looked at, if it lasts'), table('If it lasts', [['kind'], ['what'], ['from']],
      later.map((finding) => [finding.kind, finding.sentence, finding.opens_at ? when(finding.opens_at) : '']))] : null,
    h('p', {}, link(`books/${encodeURIComponent(order.order)}`, 'Books of this order')),
    h('details', {}, h('summary', {}, `${order.rows.length} rows, each with its record`),
      table('Rows', [['row'], ['source'], ['id'], ['at'], ['record']], order.rows.map((row) => [row.row, row.source, row.id, when(row.at), h('code', {}, row.record)]))),
  ];
}

async function order(key) {
  const answer = await api(`/orders/${encodeURIComponent(key)}`);
  const all = answer.several ?? [answer];
  return [`Order ${all[0].number ?? key}`, all.flatMap(oneOrder)];
}

async function sku(name) {
  const answer = await api(`/stock/${encodeURIComponent(name)}?why`);
  const terms = [['counted', null], ['moved', 'moved since the counts'], ['claims_open', 'wanted by orders, not excluded from the counts'],
    ['unresolved', 'despatched for orders that are not known yet'], ['free', 'free'], ['safety_stock', 'safety stock'], ['shown', 'shown'],
    ['held_by_shop', 'what the shop itself still subtracts'], ['to_write', 'to write']];
  const channel = (it) => [
    h('h2', {}, it.channel),
    table('Counts', [['location'], ['pieces', 1], ['basis'], ['as of']], it.counts.map((count) => [`${count.location} ${count.bucket}`, count.quantity, count.basis, when(count.counted_at)])),
    table('The figure', [['term'], ['pieces', 1]], terms.filter(([member, text]) => text && it[member] !== undefined).map(([member, text]) => [text, it[member]])),
  ];
  const channels = answer.why.channels ?? [];
  return [`SKU ${name}`, [h('h1', {}, `SKU ${answer.why.sku ?? name}`),
    channels.length ? channels.flatMap(channel) : h('p', { class: 'soft' }, 'No location that a channel sells from has counted it: it has no figure and is not shown.')]];
}

async function customer(key) {
  const answer = await api(`/customers/${encodeURIComponent(key)}`);
  return [`Customer`, [h('h1', {}, 'Customer'), h('p', {}, h('code', {}, key)),
    table('Orders', [['order']], (answer.orders ?? []).map((each) => [orderLink(String(each.order ?? each))]))]];
}

const { desk, letters, letter } = deskViews({ api, h, when, age, money, sums, number, table, facts, tag, link, orderLink, problem, show: () => show() });

async function held() {
  const answer = await api('/held');
  const groups = answer.held.map((group) => [group.why, group.topic, number(group.requests), number(group.corrections),
    sums(group.sums), when(group.since), group.orders.map((key) => [orderLink(key), ' '])]);
  return ['Held', [h('h1', {}, 'Requests that wait for a person'),
    table('Held', [['why'], ['topic'], ['requests', 1], ['corrections', 1], ['sum'], ['since'], ['first orders']], groups, 'nothing is held'),
    h('p', { class: 'soft' }, `Live: ${answer.live.join(', ') || 'none'}. Not live: ${answer.not_live.join(', ') || 'none'}.`),
    h('p', { class: 'soft' }, 'Settled at a terminal: waybill rules, in-flight, refunds, go-live.')]];
}

async function books(key, query) {
  if (key) {
    const answer = await api(`/books/${encodeURIComponent(key)}`);
    const all = answer.several ?? [answer];
    const accounts = (title, values, currency) => table(title, [['account'], ['balance', 1]], Object.entries(values ?? {}).map(([name, amount]) => [name, money(amount, currency)]));
    return [`Books of ${key}`, all.flatMap((it) => [h('h1', {}, 'Books of ', orderLink(it.order)), ...it.books.flatMap((book) => [
      h('h2', {}, `${book.currency}, ${book.entries} entries`), accounts('Accounts', book.balances, book.currency),
      Object.keys(book.waits).length ? accounts('Not posted yet', book.waits, book.currency) : null,
      Object.keys(book.kept_elsewhere).length ? accounts('Kept by another system, by the rows', book.kept_elsewhere, book.currency) : null,
      Object.keys(book.posted_elsewhere).length ? accounts('Posted by that system', book.posted_elsewhere, book.currency) : null])])];
  }
  const day = query.get('day') ?? new Date().toISOString().slice(0, 10);
  const field = h('input', { type: 'date', id: 'day', value: day, onchange: () => { location.hash = `#/books?day=${field.value}`; } });
  let text = null;
  try { text = await api(`/books?day=${day}`); } catch (error) { text = error; }
  return ['Books', [h('h1', {}, 'Trial balance of a day'),
    h('p', { class: 'filters' }, h('label', { for: 'day' }, 'Day'), field, h('a', { href: `/api/v1/books?day=${day}&csv`, download: `books-${day}.csv` }, 'Every posting, as CSV')),
    text instanceof Error ? problem(text) : h('pre', { class: 'scroll', tabindex: '0' }, String(text))]];
}

async function counts() {
  const answer = await api('/counts');
  const unit = (step, part) => `${number(step[part].pieces)} pcs, ${money(step[part].money, step.currency)}`;
  const rows = (answer.steps ?? []).map((step) => [step.shop, step.currency, step.step, number(step.orders), unit(step, 'came_in'), unit(step, 'out'), unit(step, 'waiting'), unit(step, 'exceptions'),
    Number(step.off.money) || Number(step.off.pieces) ? tag(unit(step, 'off'), 'bad') : tag('0', 'good')]);
  return ['Counts', [h('h1', {}, 'What came in, and where it is'),
    h('p', { class: 'soft' }, 'In = out + waiting + exceptions. Off must be 0: else it is a fault of Waybill.'),
    table('Counts', [['shop'], ['currency'], ['step'], ['orders', 1], ['in', 1], ['out', 1], ['waiting', 1], ['exceptions', 1], ['off', 1]], rows)]];
}

/* Which view is shown */

const views = { '': flow, search, order, sku, customer, desk, letters, letter, held, books, counts };
// A view that is asked for while another is still loading must not be overtaken by it.
let asked = 0;

async function show(quietly = false) {
  const [path, query = ''] = location.hash.replace(/^#\//, '').split('?');
  const [name, ...rest] = path.split('/');
  const mine = ++asked;
  for (const each of document.querySelectorAll('nav a')) {
    const current = each.getAttribute('href') === `#/${name}`;
    current ? each.setAttribute('aria-current', 'page') : each.removeAttribute('aria-current');
  }
  const view = views[name];
  if (!quietly) main.setAttribute('aria-busy', 'true');
  const slow = quietly ? null : setTimeout(() => main.replaceChildren(h('p', { class: 'soft' }, 'Loading…')), 300);
  let [title, elements] = ['Waybill', []];
  try {
    if (!view) throw new Error('There is no such view.');
    [title, elements] = await view(rest.length ? decodeURIComponent(rest.join('/')) : undefined, new URLSearchParams(query));
  } catch (error) {
    elements = [problem(error)];
  }
  clearTimeout(slow);
  if (mine !== asked) return;
  const open = [...main.querySelectorAll('details')].map((each) => each.open);
  document.title = `${title} · Waybill`;
  main.replaceChildren(...elements.flat(9).filter(Boolean));
  if (quietly) [...main.querySelectorAll('details')].forEach((each, i) => { each.open = open[i] ?? false; });
  else { main.focus({ preventScroll: true }); window.scrollTo(0, 0); }
  main.removeAttribute('aria-busy');
}

document.getElementById('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = document.getElementById('q').value.trim();
  if (text) location.hash = `#/search/${encodeURIComponent(text)}`;
});
addEventListener('hashchange', () => show());

/* Live: a view is made anew when something was committed, at most every two seconds, and not under somebody's hands. */

let due = false;
const busy = () => document.querySelector('dialog[open]') || main.contains(document.activeElement?.closest('input, select, details, table')) || document.hidden;
setInterval(() => { if (due && !busy()) { due = false; show(true); } }, 2000);

async function look() {
  try {
    const list = await api('/exceptions?limit=1');
    const letters = await api('/dead-letters?limit=1');
    const open = list.kinds.reduce((sum, kind) => sum + kind.open, 0) + letters.total;
    openCount.textContent = number(open);
    openCount.hidden = open === 0;
  } catch { openCount.hidden = true; }
}
// A browser has six connections for one server: a tab that nobody sees holds none.
let changes = null;
function listen() {
  if (document.hidden) {
    changes?.close();
    changes = null;
    return;
  }
  if (changes) return;
  changes = new EventSource('/api/v1/changes');
  changes.addEventListener('epoch', (event) => {
    const { tick, ready } = JSON.parse(event.data);
    stateLine.className = ready ? '' : 'bad';
    stateLine.replaceChildren(ready ? 'ready, as of ' : 'not ready; as of ', when(tick));
    due = true;
  });
  changes.addEventListener('error', () => { stateLine.className = 'bad'; stateLine.textContent = 'Waybill does not answer: trying again'; });
}
document.addEventListener('visibilitychange', listen);
addEventListener('pageshow', listen);
addEventListener('pagehide', () => { changes?.close(); changes = null; });

listen();
look();
setInterval(look, 15_000);
show();
