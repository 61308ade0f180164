"""Drives the BaseLinker simulator through a public client library, `baselinker-api` of PyPI.

    python3 baselinker_api.py PATH/TO/wharf-simulators DIRECTORY

The library was written for the real service by people who know nothing of Wharf. Where it works, and what comes back is
what was written, the simulator is like the service and no mirror of our connector. `cargo xtask client` installs the library
and runs this.
"""

import json
import subprocess
import sys
import time

from baselinker import BaseLinkerClient
from baselinker.exceptions import APIError

ORDERS = 250


def simulators(program, directory):
    """Starts the simulators over plain http; they end when their standard input closes."""
    arguments = ["--dir", directory, "--plain-http", "--no-faults", "--orders", str(ORDERS)]
    process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def connect(announced):
    BaseLinkerClient.BASE_URL = announced["baselinker"] + "/connector.php"
    return BaseLinkerClient(announced["credentials"]["baselinker"]["token"])


def agree(what, found, expected):
    if found != expected:
        raise SystemExit(f"error: {what}: the client saw {found!r}, expected {expected!r}")


def refused(call, **parameters):
    """Returns the code of the refusal that a call ends in."""
    try:
        call(**parameters)
    except APIError as error:
        return str(error)
    raise SystemExit(f"error: {call.__name__} with {parameters} was not refused")


def all_orders(client, **narrowed):
    """Reads orders as the documentation says, by time of confirmation; the last second is asked for again, not skipped."""
    found, second = {}, 0
    while True:
        page = client.orders.get_orders(date_confirmed_from=second, **narrowed)["orders"]
        news = [order for order in page if order["order_id"] not in found]
        found.update((order["order_id"], order) for order in news)
        if len(page) < 100 or not news:
            return found
        second = page[-1]["date_confirmed"]


def orders(client, announced):
    found = all_orders(client)
    agree("confirmed orders", len(found), ORDERS)
    unconfirmed = client.orders.get_orders(get_unconfirmed_orders=True, status_id=201, id_from=1)["orders"]
    agree("unconfirmed orders", sum(not order["confirmed"] for order in unconfirmed), announced["expected"]["unconfirmed"])
    one = next(iter(found.values()))
    agree("one order", client.orders.get_orders(order_id=one["order_id"])["orders"], [one])
    agree("an order that is not there", client.orders.get_orders(order_id=1)["orders"], [])
    agree("a flag in an answer", one["payment_method_cod"] in ("0", "1"), True)
    same = client.orders.get_orders_by_email(email=one["email"])["orders"]
    agree("orders by e-mail", str(one["order_id"]) in [str(order["order_id"]) for order in same], True)
    return f"{len(found)} read in pages of 100, {len(same)} by e-mail"


def changes(client, announced):
    order = {
        "order_source_id": 0,
        "order_status_id": announced["statuses"]["to_process"],
        "date_add": int(time.time()),
        "currency": "PLN",
        "payment_method": "Przelew",
        "payment_method_cod": True,
        "paid": False,
        "email": "zażółć@example.org",
        "user_comments": "Zażółć gęślą jaźń + 100%",
        "products": [{"name": "Kubek", "price_brutto": 53.75, "tax_rate": 23, "quantity": 2}],
    }
    made = client.orders.add_order(**order)["order_id"]
    read = lambda: client.orders.get_orders(order_id=made, get_unconfirmed_orders=True)["orders"][0]
    agree("a text as it was written", read()["user_comments"], order["user_comments"])
    agree("a flag as answers have it", read()["payment_method_cod"], "1")
    client.orders.set_order_fields(order_id=made, admin_comments="paczka", extra_field_1="K-1")
    agree("fields", (read()["admin_comments"], read()["extra_field_1"]), ("paczka", "K-1"))
    line = client.orders.add_order_product(
        order_id=made, product_id="77", name="Talerz", price_brutto=10, tax_rate=23, quantity=1
    )["order_product_id"]
    client.orders.set_order_product_fields(order_id=made, order_product_id=line, quantity=3)
    agree("lines", [row["quantity"] for row in read()["products"]], [2, 3])
    client.orders.delete_order_product(order_id=made, order_product_id=line)
    agree("lines after one is gone", len(read()["products"]), 1)
    client.invoices.set_order_payment(order_id=made, payment_done=107.5, payment_comment="wpłata", external_payment_id="P-1")
    payments = client.invoices.get_order_payments_history(order_id=made)["payments"]
    agree("payments", [payment["external_payment_id"] for payment in payments], ["P-1"])
    client.courier.create_package_manual(order_id=made, courier_code="dpd", package_number="NR-1")
    packages = client.courier.get_order_packages(order_id=made)["packages"]
    agree("parcels", [package["courier_package_nr"] for package in packages], ["NR-1"])
    refused(client.orders.set_order_fields, order_id=1, admin_comments="x")
    return made


def statuses(client, announced, made):
    listed = client.orders.get_order_status_list()["statuses"]
    wanted = announced["statuses"]["handed_over"]
    agree("statuses", wanted in [status["id"] for status in listed], True)
    client.orders.set_order_status(order_id=made, status_id=wanted)
    now = client.orders.get_orders(order_id=made, get_unconfirmed_orders=True)["orders"][0]
    agree("the order's status", now["order_status_id"], wanted)
    refused(client.orders.set_order_status, order_id=made, status_id=999999)
    sources, fields = client.orders.get_order_sources()["sources"], client.orders.get_order_extra_fields()["extra_fields"]
    return f"{len(listed)} statuses, {len(sources)} kinds of sources, {len(fields)} additional fields; one order moved"


def journal(client, made):
    logs = client.orders.get_journal_list(last_log_id=0, order_id=made)["logs"]
    kinds = [log["log_type"] for log in logs]
    for kind, what in ((1, "the order"), (3, "the payment"), (9, "the parcel"), (12, "the line"), (18, "the status")):
        agree(f"the journal tells of {what}", kind in kinds, True)
    last = logs[-1]["log_id"]
    agree("the journal after its last entry", client.orders.get_journal_list(last_log_id=last)["logs"], [])
    return f"{len(logs)} entries about one order"


def inventories(client):
    listed = client.products.get_inventories()["inventories"]
    inventory = listed[0]["inventory_id"]
    group = str(listed[0]["default_price_group"])
    warehouses = client.inventory.get_inventory_warehouses(inventory_id=inventory)["warehouses"]
    keys = [f"{warehouse['warehouse_type']}_{warehouse['warehouse_id']}" for warehouse in warehouses]
    agree("warehouses", set(listed[0]["warehouses"]) <= set(keys), True)
    groups = client.inventory.get_inventory_price_groups(inventory_id=inventory)["price_groups"]
    agree("price groups", group in [str(entry["price_group_id"]) for entry in groups], True)
    return inventory, group, listed[0]["default_warehouse"], f"{len(listed)}, with {len(keys)} warehouses, {len(groups)} price groups"


def stock(client, inventory, group, warehouse):
    # The library wants a product's id where the documentation makes it optional; none is what makes a new one.
    made = client._make_request("addInventoryProduct", {"inventory_id": str(inventory), "sku": "KB-9", "tax_rate": 23,
                                                        "text_fields": {"name": "Kubek"}, "prices": {group: 20.99}})
    product = str(made["product_id"])
    listed = client.products.get_inventory_products_list(inventory_id=inventory, filter_sku="KB-9")["products"]
    agree("the list, a map by id", list(listed), [product])
    changed = client.products.update_inventory_products_stock(
        inventory_id=inventory, products={product: {warehouse: 14}, "999999": {warehouse: 1}}
    )
    agree("stock set", changed["counter"], 1)
    agree("the product that is not there, among the warnings", list(changed["warnings"]), ["999999"])
    shown = client.products.get_inventory_products_stock(inventory_id=inventory, products=[product])["products"]
    agree("stock", shown[product]["stock"][warehouse], 14)
    client.products.update_inventory_products_prices(inventory_id=inventory, products={product: {group: 21.5}})
    prices = client.products.get_inventory_products_prices(inventory_id=inventory, products=[product])["products"]
    agree("price", prices[product]["prices"][group], 21.5)
    data = client.products.get_inventory_products_data(inventory_id=inventory, products=[product])["products"]
    agree("data", data[product]["text_fields"]["name"], "Kubek")
    client.products.update_inventory_products_stock(inventory_id=inventory, products={product: {warehouse: 0}})
    past = client.products.get_inventory_products_list(inventory_id=inventory, page=2)["products"]
    agree("a page past the end, an empty map as PHP writes it", past, [])
    refused(client.products.get_inventory_products_list, inventory_id=1)
    return "a product made, found, its stock and price set and read back"


def main():
    _, program, directory = sys.argv
    process, announced = simulators(program, directory)
    try:
        client = connect(announced)
        rows = [("orders", orders(client, announced))]
        made = changes(client, announced)
        rows.append(("changes", "an order added, with fields, lines, payment and parcel"))
        rows.append(("statuses", statuses(client, announced, made)))
        rows.append(("journal", journal(client, made)))
        inventory, group, warehouse, seen = inventories(client)
        rows.append(("inventories", seen))
        rows.append(("stock", stock(client, inventory, group, warehouse)))
        rows.append(("a wrong token", refused(BaseLinkerClient("wrong").orders.get_orders)))
    finally:
        process.stdin.close()
        process.wait()
    for area, seen in rows:
        print(f"{area:14} {seen}")


if __name__ == "__main__":
    main()
