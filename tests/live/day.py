"""A day of one Magento with two stores, as SQL: transaction by transaction, as Magento itself writes (reservations before the order, then the order in one
transaction; a shipment with its items, tracks and source, and what it takes from the source, in one)."""


def text(value):
    return "NULL" if value is None else str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def insert(table, **columns):
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(text(value) for value in columns.values())});\n"


def update(table, where, **columns):
    return f"UPDATE {table} SET {', '.join(f'{name} = {text(value)}' for name, value in columns.items())} WHERE {where};\n"


def transaction(*statements):
    return "START TRANSACTION;\n" + "".join(statements) + "COMMIT;\n"


def reservation(sku, quantity, stock, event, order, number):
    about = f'{{"event_type":"{event}","object_type":"order","object_id":"{order}","object_increment_id":"{number}"}}'
    return insert("inventory_reservation", stock_id=stock, sku=sku, quantity=quantity, metadata=about)


STOCKS, CURRENCIES = {1: 2, 3: 3}, {1: "GBP", 3: "EUR"}


class Order:
    """An order, and what is done with it. `lines`: (item, SKU, pieces, price of one, columns beside)."""

    def __init__(self, key, number, store, lines, **columns):
        self.key, self.number, self.store, self.lines, self.columns = key, number, store, lines, columns

    def placed(self, paid=True):
        sold = [line for line in self.lines if line[4].get("parent_item_id") is None]
        total = sum(pieces * price for _, _, pieces, price, _ in sold)
        goods = [line for line in self.lines if line[4].get("product_type", "simple") == "simple"]
        held = "".join(reservation(sku, -pieces, STOCKS[self.store], "order_placed", "", self.number) for _, sku, pieces, _, _ in goods)
        header = dict(
            entity_id=self.key, increment_id=self.number, store_id=self.store, state="new", status="pending", customer_email=f"p{self.key}@example.org",
            is_virtual=0, base_currency_code="GBP", order_currency_code=CURRENCIES[self.store], subtotal=total, grand_total=total, shipping_amount=0,
            shipping_tax_amount=0, shipping_method="flatrate_flatrate", total_item_count=len(sold), total_qty_ordered=sum(line[2] for line in sold),
        )
        items = "".join(
            insert("sales_order_item", **{
                **dict(item_id=item, order_id=self.key, product_type="simple", sku=sku, name=sku, is_virtual=0, store_id=self.store, qty_ordered=pieces,
                       price=price, original_price=price, row_total=pieces * price),
                **columns,
            })
            for item, sku, pieces, price, columns in self.lines
        )
        address = insert("sales_order_address", parent_id=self.key, address_type="shipping", firstname="Pat", lastname="Sample", street="1 Mill Lane",
                         city="Leeds", postcode="ZZ1 1ZZ", country_id="GB")
        payment = insert("sales_order_payment", parent_id=self.key, method="checkmo", amount_ordered=total, amount_paid=total if paid else None)
        state = update("sales_order", f"entity_id = {self.key}", state="processing", status="processing", total_paid=total)
        return held + transaction(insert("sales_order", **{**header, **self.columns}), address, items, payment, state if paid else "")

    def shipped(self, shipment, number, source, items, tracks, stock=()):
        """`items`: (item, SKU, pieces); `stock`: (SKU, pieces) that leave the source, where the items are not the goods themselves."""
        rows = [insert("sales_shipment", entity_id=shipment, order_id=self.key, store_id=self.store, increment_id=number,
                       total_qty=sum(pieces for _, _, pieces in items))]
        rows += [insert("sales_shipment_item", parent_id=shipment, order_item_id=item, sku=sku, qty=pieces) for item, sku, pieces in items]
        rows += [insert("sales_shipment_track", parent_id=shipment, order_id=self.key, track_number=track, title="DPD", carrier_code="custom") for track in tracks]
        rows += [f"UPDATE sales_order_item SET qty_shipped = qty_shipped + {pieces} WHERE item_id = {item};\n" for item, _, pieces in items]
        rows += [insert("inventory_shipment_source", shipment_id=shipment, source_code=source)]
        for sku, pieces in stock or [(sku, pieces) for _, sku, pieces in items]:
            rows += [f"UPDATE inventory_source_item SET quantity = quantity - {pieces} WHERE source_code = '{source}' AND sku = '{sku}';\n",
                     reservation(sku, pieces, STOCKS[self.store], "shipment_created", self.key, self.number)]
        return transaction(*rows, update("sales_order", f"entity_id = {self.key}", total_item_count=len([line for line in self.lines if not line[4].get("parent_item_id")])))

    def refunded(self, memo, number, item, sku, pieces, amount, reference=None):
        """Before anything of it was sent, and in one transaction: the item's row, then the memo and its item."""
        return transaction(
            f"UPDATE sales_order_item SET qty_refunded = qty_refunded + {pieces} WHERE item_id = {item};\n",
            insert("sales_creditmemo", entity_id=memo, order_id=self.key, store_id=self.store, increment_id=number, state=2, base_currency_code="GBP",
                   order_currency_code=CURRENCIES[self.store], subtotal=amount, grand_total=amount, adjustment_positive=0, adjustment_negative=0,
                   shipping_amount=0, tax_amount=0, discount_amount=0, transaction_id=reference),
            insert("sales_creditmemo_item", parent_id=memo, order_item_id=item, sku=sku, qty=pieces, row_total=amount, tax_amount=0, discount_amount=0),
            update("sales_order", f"entity_id = {self.key}", total_refunded=amount),
            reservation(sku, pieces, STOCKS[self.store], "creditmemo_created", self.key, self.number),
        )


def bundle(item, sku, pieces, price, together, parts):
    """A bundle that is priced by its parts: (item, SKU, pieces in one bundle, price of one piece)."""
    options = '{"product_calculations":0,"shipment_type":%d}' % (0 if together else 1)
    lines = [(item, sku, pieces, price, dict(product_type="bundle", product_options=options))]
    for part, part_sku, each, part_price in parts:
        selection = '{"bundle_selection_attributes":"{\\\\"price\\\\":%d,\\\\"qty\\\\":%d}"}' % (part_price * each, each)
        lines.append((part, part_sku, pieces * each, part_price, dict(parent_item_id=item, product_options=selection)))
    return lines


ONE = Order(1, "000000001", 1, [(11, "TEE", 3, 20, {}), (12, "CAP", 2, 10, {})])
TWO = Order(2, "000000001", 3, [(21, "TEE", 2, 25, {})])
THREE = Order(3, "000000002", 1, bundle(31, "SPA", 2, 20, True, [(32, "SOAP", 2, 8), (33, "TOWEL", 1, 4)]))
FOUR = Order(4, "000000003", 1, bundle(41, "SPA-B", 1, 20, False, [(42, "SOAP", 2, 8), (43, "TOWEL", 1, 4)]))
FIVE = Order(5, "000000002", 3, [(51, "MUG", 1, 12, {})])
AGAIN = Order(5, "000000003", 3, [(55, "MUG", 2, 12, {})])
SIX = Order(6, "000000004", 1, [(61, "TEE", 1, 20, {})])
SEVEN = Order(7, "000000004-1", 1, [(71, "TEE", 2, 20, {})], relation_parent_id="6", relation_parent_real_id="000000004", original_increment_id="000000004", edit_increment=1)
EIGHT = Order(8, "000000005", 1, [(81, "CAP", 1, 10, {})])
NINE = Order(9, "000000004", 3, [(91, "TEE", 1, 25, {})])
TEN = Order(10, "000000006", 1, [(101, "SOAP", 1, 8, {})], customer_id=77)

COUNTED = [("north", "TEE", 10), ("south", "TEE", 5), ("east", "TEE", 8), ("south", "CAP", 8), ("north", "SOAP", 20), ("north", "TOWEL", 20), ("east", "MUG", 6)]

# Before the connector is set up: these rows come by its snapshot.
NIGHT = [
    "".join(insert("inventory_source_item", source_code=source, sku=sku, quantity=quantity, status=1) for source, sku, quantity in COUNTED),
    insert("customer_entity", entity_id=77, website_id=1, store_id=1, email="p10@example.org"),
    ONE.placed(),
    ONE.shipped(201, "000000001", "north", [(11, "TEE", 2)], ["N-1"]),
    FIVE.placed(paid=False),
]
MORNING = [
    TWO.placed(), THREE.placed(), FOUR.placed(),
    # The database deletes address, payment and item of it, and tells nobody; its key is free again.
    "DELETE FROM sales_order WHERE entity_id = 5;\n",
    AGAIN.placed(),
    ONE.shipped(202, "000000002", "south", [(11, "TEE", 1), (12, "CAP", 2)], ["S-1"]),
    SIX.placed(paid=False), EIGHT.placed(), TEN.placed(),
]
# While the connector is away: it reads these from the binlog once it is back.
NOON = [
    TWO.shipped(203, "000000001", "east", [(21, "TEE", 1)], ["E-1"]),
    THREE.shipped(204, "000000003", "north", [(31, "SPA", 1)], ["N-2"], [("SOAP", 2), ("TOWEL", 1)]),
    transaction(
        update("sales_order", "entity_id = 6", state="canceled", status="canceled", relation_child_id="7", relation_child_real_id="000000004-1"),
        update("sales_order_item", "item_id = 61", qty_canceled=1), reservation("TEE", 1, 2, "order_canceled", 6, "000000004"),
    ),
    SEVEN.placed(),
]
AFTERNOON = [
    FOUR.shipped(205, "000000004", "north", [(42, "SOAP", 2)], ["N-3", "N-4"]),
    EIGHT.shipped(206, "000000005", "south", [(81, "CAP", 1)], ["X-OLD"]),
    TWO.refunded(301, "000000001", 21, "TEE", 1, 25),
    transaction("DELETE FROM sales_shipment_track WHERE track_number = 'X-OLD';\n",
                insert("sales_shipment_track", parent_id=206, order_id=8, track_number="X-NEW", title="DPD", carrier_code="custom")),
    NINE.placed(),
]
EVENING = [
    NINE.refunded(302, "000000002", 91, "TEE", 1, 25, "R-9"),
    # An extension saves a line once more, hours after it left.
    "UPDATE sales_order_item SET weight = 1 WHERE item_id IN (11, 12, 81);\n",
    # The order's customer_id becomes NULL, and no row says so.
    "DELETE FROM customer_entity WHERE entity_id = 77;\n",
    # The nightly job: rows of an order that add up to nothing.
    "DELETE FROM inventory_reservation WHERE metadata LIKE '%000000004\"%' AND stock_id = 2;\n",
]
