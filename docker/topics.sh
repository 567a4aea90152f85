#!/usr/bin/env bash
# Makes the topics that Debezium writes to and Waybill reads, where they are not there yet.
set -euo pipefail
for table in sales_order sales_order_item sales_order_address sales_order_payment sales_payment_transaction sales_invoice \
  sales_creditmemo sales_creditmemo_item \
  sales_shipment sales_shipment_item sales_shipment_track inventory_shipment_source \
  inventory_reservation inventory_source_item customer_entity newsletter_subscriber; do
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists --partitions 4 --topic "magento.magento.$table"
done
