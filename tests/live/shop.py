"""Magento, played by SQL: places, cancels, credits and ships orders as the shop's own code writes its tables (the same tables, the same order
of statements, the same transactions), so that Debezium sees what it would see there."""

import json
import threading
from decimal import ROUND_HALF_UP, Decimal

TABLES = [
    "sales_order", "sales_order_item", "sales_order_address", "sales_order_payment", "sales_shipment", "sales_shipment_item", "sales_shipment_track",
    "sales_creditmemo", "sales_creditmemo_item", "inventory_reservation", "inventory_source_item", "customer_entity", "newsletter_subscriber",
]
TAX = Decimal("0.20")
SHIPPING_NET = Decimal("4.17")
SHIPPING_TAX = Decimal("0.83")


def cents(amount):
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def text(value):
    return "NULL" if value is None else "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


class Line:
    def __init__(self, sku, quantity, price, configurable=False):
        self.sku, self.quantity, self.price, self.configurable = sku, quantity, Decimal(price), configurable
        self.net = cents(self.price * quantity)
        self.tax = cents(self.net * TAX)
        self.item = None


class Order:
    """What the shop knows of an order; amounts in GBP."""

    def __init__(self, number, lines, paid):
        self.number, self.lines, self.paid = number, lines, paid
        self.id = None
        self.shipped = 0
        self.total = sum(line.net + line.tax for line in lines) + SHIPPING_NET + SHIPPING_TAX


class Shop:
    def __init__(self, mariadb):
        self.db = mariadb
        self.orders = {}
        self.lock = threading.Lock()

    def stock(self, sku, quantity):
        self.db.sql(f"INSERT INTO inventory_source_item (source_code, sku, quantity, status) VALUES ('default', {text(sku)}, {quantity}, 1)")

    def place(self, number, lines, paid=True, email="anne@example.com"):
        """The reservation first, in a transaction of its own; then the order's header with no addresses, its addresses, items (parents before
        children), payment, and the header again."""
        order = Order(number, lines, paid)
        for line in lines:
            self._reserve(line.sku, -line.quantity, "order_placed", "", number)
        subtotal = sum(line.net for line in lines)
        tax = sum(line.tax for line in lines) + SHIPPING_TAX
        total = order.total
        captured = total if paid else None
        state = "'processing','processing'" if paid else "'new','pending'"
        sql = [
            "START TRANSACTION",
            "INSERT INTO sales_order (state, status, store_id, customer_is_guest, customer_email, increment_id, base_currency_code, order_currency_code,"
            " base_to_order_rate, subtotal, discount_amount, shipping_amount, shipping_incl_tax, shipping_tax_amount, shipping_discount_amount, tax_amount,"
            " discount_tax_compensation_amount, shipping_discount_tax_compensation_amount, grand_total, total_due, total_paid, total_qty_ordered,"
            " total_item_count, shipping_method, is_virtual) VALUES"
            f" ({state}, 1, 1, {text(email)}, {text(number)}, 'GBP', 'GBP', 1, {subtotal}, 0, {SHIPPING_NET}, {SHIPPING_NET + SHIPPING_TAX}, {SHIPPING_TAX},"
            f" 0, {tax}, 0, 0, {total}, {total}, NULL, {sum(line.quantity for line in lines)}, {len(lines)}, 'flatrate_flatrate', 0)",
            "SET @order = LAST_INSERT_ID()",
        ]
        for kind in ("billing", "shipping"):
            sql.append(
                "INSERT INTO sales_order_address (parent_id, address_type, firstname, lastname, street, city, postcode, country_id, telephone, email) VALUES"
                f" (@order, '{kind}', 'Anne', 'Smith', '1 High Street', 'Leeds', 'LS1 4AP', 'GB', '0113 496 0000', {text(email)})"
            )
        columns = (
            "order_id, parent_item_id, product_id, product_type, sku, name, qty_ordered, qty_invoiced, price, row_total, row_total_incl_tax,"
            " tax_percent, tax_amount, discount_amount, discount_tax_compensation_amount, base_cost, is_virtual, product_options"
        )
        for line in lines:
            kind = "configurable" if line.configurable else "simple"
            options = json.dumps({"simple_sku": line.sku, "product_calculations": 1, "shipment_type": 0}) if line.configurable else "{}"
            sql.append(
                f"INSERT INTO sales_order_item ({columns}) VALUES (@order, NULL, 1001, '{kind}', {text(line.sku)}, 'A thing', {line.quantity},"
                f" {line.quantity if paid else 0}, {line.price}, {line.net}, {line.net + line.tax}, 20, {line.tax}, 0, 0, 6.20, 0, {text(options)})"
            )
            if line.configurable:
                sql.append(
                    f"INSERT INTO sales_order_item ({columns}) VALUES (@order, LAST_INSERT_ID(), 1010, 'simple', {text(line.sku)}, 'A thing',"
                    f" {line.quantity}, 0, 0, 0, 0, 0, 0, 0, 0, 6.20, 0, '{{}}')"
                )
        sql += [
            "INSERT INTO sales_order_payment (parent_id, method, amount_ordered, amount_authorized, amount_paid, last_trans_id) VALUES"
            f" (@order, 'braintree', {total}, {total}, {captured if paid else 'NULL'}, {text('txn-' + number)})",
            "UPDATE sales_order SET billing_address_id = (SELECT MIN(entity_id) FROM sales_order_address WHERE parent_id = @order),"
            " shipping_address_id = (SELECT MAX(entity_id) FROM sales_order_address WHERE parent_id = @order),"
            f" total_paid = {captured if paid else 'NULL'}, total_due = {0 if paid else total} WHERE entity_id = @order",
            "COMMIT",
            "SELECT @order",
        ]
        with self.lock:
            order.id = int(self.db.sql(";\n".join(sql)).strip().splitlines()[-1])
            rows = self.db.sql(f"SELECT item_id FROM sales_order_item WHERE order_id = {order.id} AND parent_item_id IS NULL ORDER BY item_id").split()
            for line, item in zip(lines, rows):
                line.item = int(item)
            self.orders[number] = order
        return order

    def cancel(self, number):
        """A paid-for-nothing order is cancelled by its quantities."""
        order = self.orders[number]
        self.db.sql(
            "START TRANSACTION; UPDATE sales_order_item SET qty_canceled = qty_ordered WHERE order_id = {id} AND parent_item_id IS NULL;"
            "UPDATE sales_order_payment SET amount_canceled = amount_ordered, amount_authorized = 0 WHERE parent_id = {id};"
            "UPDATE sales_order SET state = 'canceled', status = 'canceled', total_canceled = grand_total WHERE entity_id = {id}; COMMIT".format(id=order.id)
        )
        for line in order.lines:
            self._reserve(line.sku, line.quantity, "order_canceled", order.id, number)

    def credit(self, number, pieces, refund):
        """An offline credit memo: `pieces` is {sku: quantity}. Magento can't cancel a paid order, it credits it; and it mirrors a refund this way."""
        order = self.orders[number]
        sql = [
            "START TRANSACTION",
            "INSERT INTO sales_creditmemo (store_id, order_id, increment_id, state, order_currency_code, grand_total, shipping_amount) VALUES"
            f" (1, {order.id}, {text('CM' + number)}, 2, 'GBP', {refund}, 0)",
            "SET @memo = LAST_INSERT_ID()",
        ]
        for line in order.lines:
            quantity = pieces.get(line.sku, 0)
            if quantity:
                sql += [
                    f"INSERT INTO sales_creditmemo_item (parent_id, order_item_id, qty, sku) VALUES (@memo, {line.item}, {quantity}, {text(line.sku)})",
                    f"UPDATE sales_order_item SET qty_refunded = qty_refunded + {quantity} WHERE item_id = {line.item}",
                ]
        sql += [f"UPDATE sales_order SET total_refunded = COALESCE(total_refunded, 0) + {refund} WHERE entity_id = {order.id}", "COMMIT"]
        self.db.sql(";\n".join(sql))

    def ship(self, notice):
        """Books the shipment that a despatch notice tells of: the document, its lines, the track, the items' totals, the source, the reservations."""
        order = self.orders.get(notice["number"])
        if order is None:
            return
        sql = [
            "START TRANSACTION",
            f"INSERT INTO sales_shipment (store_id, total_qty, order_id, increment_id) VALUES (1, 1, {order.id}, {text(notice['parcel'] + '-' + notice['number'])})",
            "SET @shipment = LAST_INSERT_ID()",
        ]
        if notice.get("tracking"):
            sql.append(
                "INSERT INTO sales_shipment_track (parent_id, order_id, track_number, title, carrier_code) VALUES"
                f" (@shipment, {order.id}, {text(notice['tracking'])}, {text(notice['carrier'])}, 'custom')"
            )
        for part in notice["lines"]:
            line = next(line for line in order.lines if str(line.item) == part["line"])
            quantity = part["quantity"]
            sql += [
                f"INSERT INTO sales_shipment_item (parent_id, order_item_id, qty, sku) VALUES (@shipment, {line.item}, {quantity}, {text(line.sku)})",
                f"UPDATE inventory_source_item SET quantity = quantity - {quantity} WHERE source_code = 'default' AND sku = {text(line.sku)}",
                f"UPDATE sales_order_item SET qty_shipped = qty_shipped + {quantity} WHERE item_id = {line.item}",
            ]
            order.shipped += int(Decimal(quantity))
        sql += [f"UPDATE sales_order SET state = 'complete', status = 'complete' WHERE entity_id = {order.id}", "COMMIT"]
        self.db.sql(";\n".join(sql))
        for part in notice["lines"]:
            line = next(line for line in order.lines if str(line.item) == part["line"])
            self._reserve(line.sku, part["quantity"], "shipment_created", order.id, order.number)

    def _reserve(self, sku, quantity, event, order_id, number):
        metadata = json.dumps(
            {"event_type": event, "object_type": "order", "object_id": str(order_id), "object_increment_id": number}, separators=(",", ":")
        )
        self.db.sql(f"INSERT INTO inventory_reservation (stock_id, sku, quantity, metadata) VALUES (1, {text(sku)}, {quantity}, {text(metadata)})")
