"""A connector in Python: orders of an example shop, in pages. `README.md` says how to build it.

Records are dataclasses, a variant's cases are classes of their own, `result<_, failure>` means: return the value, or
raise `Err(Failure(...))`.
"""

import json
from urllib.parse import quote

from componentize_py_types import Err
from wit_world.exports import Describe as DescribeInterface
from wit_world.exports import Feeds as FeedsInterface
from wit_world.exports import Records as RecordsInterface
from wit_world.exports import References as ReferencesInterface
from wit_world.exports import Setup as SetupInterface
from wit_world.exports.references import Reference, ReferencePage
from wit_world.exports.setup import Step, StepState
from wit_world.imports import connection, http, types

CURSOR_VERSION = 1


def failed(cause, message, request=0, status=None):
    evidence = types.Evidence(request, status, None, None)
    return Err(types.Failure(cause, message, evidence))


def get(path):
    """Sends a read. What the host refuses becomes `internal` with the number of the request: the host then reports its
    own reason. Look at the body before the status where the remote answers 200 with an error inside."""
    url = json.loads(connection.config())["base_url"] + path
    request = http.Request("GET", url, [], None, "token", http.Effect.READ, None, False)
    try:
        response = http.send(request)
    except Err as refused:
        reason = type(refused.value.reason).__name__
        raise failed(types.Cause_Internal(reason), f"the host refused `{path}`: {reason}", refused.value.request)
    if response.status == 200:
        return parsed(response)
    message = f"the shop answered with status {response.status}"
    cause = types.Cause_Unavailable(None)
    if response.status == 401:
        cause = types.Cause_AuthExpired()
    if response.status == 404:
        cause = types.Cause_NotFound(types.Missing(types.MissingKind.SUBJECT, "order", path))
    raise failed(cause, message, response.number, response.status)


def parsed(response):
    """Reads JSON. What is raised and is no failure traps, and counts as a bug in the connector: so this is caught."""
    body = response.body.value
    try:
        # Numbers stay text, so that none of them passes through a float.
        return json.loads(body, parse_float=str)
    except ValueError as error:
        change = types.ContractChange(str(error), str(body)[:500])
        cause = types.Cause_ContractChanged(change)
        raise failed(cause, "the answer is not JSON", response.number, response.status)


def item(order):
    """From the shop's order to the common document: money and quantities are decimal strings."""
    lines = [
        {
            "name": line.pop("title"),
            "quantity": str(line.pop("qty")),
            "extra": line,
        }
        for line in order["lines"]
    ]
    document = {"id": str(order["id"]), "currency": order["currency"], "lines": lines}
    changed = int(order["changed"])
    content = types.Content_Document(json.dumps(document))
    return types.Item("order", str(order["id"]), str(changed), changed * 1000, False, content)


class Describe(DescribeInterface):
    def manifest(self):
        origin = {"config": "base_url"}
        schema = {
            "type": "object",
            "required": ["base_url"],
            "additionalProperties": False,
            "properties": {"base_url": {"type": "string", "description": "Where the shop's API is."}},
        }
        feed = {"name": "orders", "entity": "order", "summary": "All orders by id.", "cursor_version": CURSOR_VERSION}
        slot = {"name": "token", "scheme": {"type": "bearer"}, "audience": [origin], "hint": "Settings, API."}
        manifest = {
            "name": "shop-py",
            "version": "0.1.0",
            "summary": "Orders of the example shop, in Python.",
            "config": {"version": 1, "schema": schema},
            "credentials": [slot],
            "hosts": [{"origin": origin, "methods": ["GET"]}],
            "feeds": [feed],
            "records": [{"entity": "order", "get": True}],
            "reference_lists": [{"name": "order-status", "label": "Statuses"}],
        }
        return json.dumps(manifest)

    def validate_config(self, config):
        return []

    def migrate_config(self, from_version, config):
        raise failed(types.Cause_Unsupported("migrate-config"), "there is only one version")

    def migrate_cursor(self, feed, cursor):
        raise failed(types.Cause_Unsupported("migrate-cursor"), "there is only one version; start the feed again")


class Setup(SetupInterface):
    def check(self):
        try:
            get("/orders?after=0&limit=1")
        except Err as error:
            hint = "make a token that may read orders"
            return [Step("read orders", StepState.FAILED, error.value.message, hint)]
        return [Step("read orders", StepState.OK, "one page was read", None)]

    def discover(self):
        return "{}"


class References(ReferencesInterface):
    def page(self, reference_list, after):
        statuses = get("/statuses")
        references = [Reference(str(status["id"]), None, status["name"], None, None, None) for status in statuses]
        return ReferencePage(references, None)


class Feeds(FeedsInterface):
    def pull(self, feed, cursor, bounds):
        last = cursor.bytes.decode() if cursor else "0"
        items, size = [], 0
        orders = get(f"/orders?after={quote(last)}&limit={bounds.max_items}")
        for order in orders:
            following = item(order)
            size += len(following.content.value.encode())
            # A page ends where its cursor says: what does not fit belongs to the next one.
            if items and (len(items) >= bounds.max_items or size > bounds.max_bytes):
                break
            items.append(following)
            last = following.id
        state = types.Completeness.MORE if orders else types.Completeness.CAUGHT_UP
        return types.Page(items, types.Cursor(CURSOR_VERSION, last.encode()), state)


class Records(RecordsInterface):
    def get(self, entity, id):
        return item(get(f"/orders/{quote(id, safe='')}"))

    def lookup(self, entity, query, limit):
        raise failed(types.Cause_Unsupported("lookup"), "orders cannot be looked up")
