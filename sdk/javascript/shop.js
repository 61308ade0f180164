// A connector in JavaScript: orders of an example shop, in pages. `README.md` says how to build it.
//
// Records are objects with camelCase keys, variants are `{ tag, val }`, u64 is a number (a BigInt traps), an option
// is the value or undefined, and `result<_, failure>` means: return the value, or throw the failure.

import { config } from 'wharf:connector/connection@0.1.0';
import { send } from 'wharf:connector/http@0.1.0';

const CURSOR_VERSION = 1;

function failure(cause, message, evidence) {
  return { cause, message, evidence };
}

// Cursors are bytes, and the engine has no TextEncoder: a cursor of ASCII text needs none.
const toBytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const toText = (bytes) => String.fromCharCode(...bytes);

// Sends a read. What the host refuses becomes `internal` with the number of the request: the host then reports its own
// reason. Look at the body before the status where the remote answers 200 with an error inside.
function get(path) {
  let response;
  try {
    response = send({
      method: 'GET',
      url: JSON.parse(config()).base_url + path,
      headers: [],
      body: undefined,
      credential: 'token',
      effect: 'read',
      budget: undefined,
      keep: false,
    });
  } catch (error) {
    const { request, reason } = error.payload ?? error;
    const evidence = { request, httpStatus: undefined, remoteCode: undefined, excerpt: undefined };
    throw failure({ tag: 'internal', val: reason.tag }, `the host refused \`${path}\`: ${reason.tag}`, evidence);
  }
  const evidence = { request: response.number, httpStatus: response.status, remoteCode: undefined, excerpt: undefined };
  if (response.status === 200) return parsed(response.body.val, evidence);
  const message = `the shop answered with status ${response.status}`;
  if (response.status === 401) throw failure({ tag: 'auth-expired' }, message, evidence);
  if (response.status === 404) {
    throw failure({ tag: 'not-found', val: { kind: 'subject', entity: 'order', key: path } }, message, evidence);
  }
  throw failure({ tag: 'unavailable', val: undefined }, message, evidence);
}

// What is thrown and is no failure traps, and counts as a bug in the connector: so this is caught here.
function parsed(body, evidence) {
  try {
    return JSON.parse(body);
  } catch (error) {
    const change = { detail: String(error), sample: String(body).slice(0, 500) };
    throw failure({ tag: 'contract-changed', val: change }, 'the answer is not JSON', evidence);
  }
}

// From the shop's order to the common document: money and quantities are decimal strings. JSON.parse makes floats of
// numbers, so take amounts only from a remote that sends them as strings or as whole cents.
function item(order) {
  const line = ({ title, qty, ...extra }) => ({ name: title, quantity: String(qty), extra });
  const document = { id: String(order.id), currency: order.currency, lines: order.lines.map(line) };
  return {
    entity: 'order',
    id: String(order.id),
    revision: String(order.changed),
    updated: order.changed * 1000,
    deleted: false,
    content: { tag: 'document', val: JSON.stringify(document) },
  };
}

export const describe = {
  manifest() {
    const origin = { config: 'base_url' };
    return JSON.stringify({
      name: 'shop-js',
      version: '0.1.0',
      summary: 'Orders of the example shop, in JavaScript.',
      config: {
        version: 1,
        schema: {
          type: 'object',
          required: ['base_url'],
          additionalProperties: false,
          properties: { base_url: { type: 'string', description: "Where the shop's API is." } },
        },
      },
      credentials: [{ name: 'token', scheme: { type: 'bearer' }, audience: [origin], hint: 'Settings, API.' }],
      hosts: [{ origin, methods: ['GET'] }],
      feeds: [{ name: 'orders', entity: 'order', summary: 'All orders by id.', cursor_version: CURSOR_VERSION }],
      records: [{ entity: 'order', get: true }],
      reference_lists: [{ name: 'order-status', label: 'Statuses' }],
    });
  },
  validateConfig(config) {
    return [];
  },
  migrateConfig(fromVersion, config) {
    throw failure({ tag: 'unsupported', val: 'migrate-config' }, 'there is only one version');
  },
  migrateCursor(feed, cursor) {
    throw failure({ tag: 'unsupported', val: 'migrate-cursor' }, 'there is only one version; start the feed again');
  },
};

export const setup = {
  check() {
    try {
      get('/orders?after=0&limit=1');
      return [{ name: 'read orders', state: 'ok', detail: 'one page was read', hint: undefined }];
    } catch (error) {
      const hint = 'make a token that may read orders';
      return [{ name: 'read orders', state: 'failed', detail: error.message, hint }];
    }
  },
  discover() {
    return '{}';
  },
};

export const references = {
  page(referenceList, after) {
    const none = { code: undefined, value: undefined, validFrom: undefined, validTo: undefined };
    const reference = ({ id, name }) => ({ ...none, id: String(id), label: name });
    return { references: get('/statuses').map(reference), next: undefined };
  },
};

export const feeds = {
  pull(feed, cursor, bounds) {
    const after = cursor ? toText(cursor.bytes) : '0';
    const items = [];
    let bytes = 0;
    let last = after;
    const orders = get(`/orders?after=${after}&limit=${bounds.maxItems}`);
    for (const order of orders) {
      const next = item(order);
      bytes += next.content.val.length;
      // A page ends where its cursor says: what does not fit belongs to the next one.
      if (items.length > 0 && (items.length >= bounds.maxItems || bytes > bounds.maxBytes)) break;
      items.push(next);
      last = next.id;
    }
    const state = orders.length === 0 ? 'caught-up' : 'more';
    return { items, next: { version: CURSOR_VERSION, bytes: toBytes(last) }, state };
  },
};

export const records = {
  get(entity, id) {
    return item(get(`/orders/${encodeURIComponent(id)}`));
  },
  lookup(entity, query, limit) {
    throw failure({ tag: 'unsupported', val: 'lookup' }, 'orders cannot be looked up');
  },
};
