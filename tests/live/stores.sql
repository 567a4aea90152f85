-- What magento.sql leaves out of a Magento with several stores and sources: stores, sources, where shipments left from, and the foreign keys with their
-- cascades, which InnoDB carries out without a row in the binlog. Facts of the public db_schema.xml of magento/magento2 and magento/inventory.

CREATE TABLE store (
  store_id smallint unsigned NOT NULL AUTO_INCREMENT,
  code varchar(32),
  website_id smallint unsigned NOT NULL DEFAULT 0,
  group_id smallint unsigned NOT NULL DEFAULT 0,
  name varchar(255) NOT NULL,
  is_active smallint unsigned NOT NULL DEFAULT 0,
  UNIQUE KEY (code),
  PRIMARY KEY (store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_source (
  source_code varchar(255) NOT NULL,
  name varchar(255) NOT NULL,
  enabled smallint unsigned NOT NULL DEFAULT 1,
  country_id varchar(2) NOT NULL,
  postcode varchar(255) NOT NULL,
  PRIMARY KEY (source_code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_stock (
  stock_id int unsigned NOT NULL AUTO_INCREMENT,
  name varchar(255) NOT NULL,
  PRIMARY KEY (stock_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_source_stock_link (
  link_id int unsigned NOT NULL AUTO_INCREMENT,
  stock_id int unsigned NOT NULL,
  source_code varchar(255) NOT NULL,
  priority smallint unsigned NOT NULL,
  UNIQUE KEY (stock_id, source_code),
  FOREIGN KEY (stock_id) REFERENCES inventory_stock (stock_id) ON DELETE CASCADE,
  FOREIGN KEY (source_code) REFERENCES inventory_source (source_code) ON DELETE CASCADE,
  PRIMARY KEY (link_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_stock_sales_channel (
  type varchar(64) NOT NULL,
  code varchar(64) NOT NULL,
  stock_id int unsigned NOT NULL,
  FOREIGN KEY (stock_id) REFERENCES inventory_stock (stock_id) ON DELETE CASCADE,
  PRIMARY KEY (type, code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_shipment_source (
  shipment_id int unsigned NOT NULL,
  source_code varchar(255) NOT NULL,
  PRIMARY KEY (shipment_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

ALTER TABLE sales_order
  ADD FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE SET NULL,
  ADD FOREIGN KEY (customer_id) REFERENCES customer_entity (entity_id) ON DELETE SET NULL;
ALTER TABLE sales_order_item ADD FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE SET NULL;
ALTER TABLE sales_order_address ADD FOREIGN KEY (parent_id) REFERENCES sales_order (entity_id) ON DELETE CASCADE;
ALTER TABLE sales_order_payment ADD FOREIGN KEY (parent_id) REFERENCES sales_order (entity_id) ON DELETE CASCADE;
ALTER TABLE sales_shipment
  ADD UNIQUE KEY (increment_id, store_id),
  ADD FOREIGN KEY (order_id) REFERENCES sales_order (entity_id) ON DELETE CASCADE,
  ADD FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE SET NULL;
ALTER TABLE sales_shipment_item ADD FOREIGN KEY (parent_id) REFERENCES sales_shipment (entity_id) ON DELETE CASCADE;
ALTER TABLE sales_shipment_track ADD FOREIGN KEY (parent_id) REFERENCES sales_shipment (entity_id) ON DELETE CASCADE;
ALTER TABLE inventory_shipment_source ADD FOREIGN KEY (shipment_id) REFERENCES sales_shipment (entity_id) ON DELETE CASCADE;
ALTER TABLE sales_creditmemo
  ADD UNIQUE KEY (increment_id, store_id),
  ADD FOREIGN KEY (order_id) REFERENCES sales_order (entity_id) ON DELETE CASCADE,
  ADD FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE SET NULL;
ALTER TABLE sales_creditmemo_item ADD FOREIGN KEY (parent_id) REFERENCES sales_creditmemo (entity_id) ON DELETE CASCADE;
ALTER TABLE inventory_source_item ADD FOREIGN KEY (source_code) REFERENCES inventory_source (source_code) ON DELETE CASCADE;
ALTER TABLE customer_entity ADD UNIQUE KEY (email, website_id);
ALTER TABLE newsletter_subscriber ADD FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE SET NULL;

INSERT INTO store VALUES (1, 'uk', 1, 1, 'UK', 1), (3, 'eu', 2, 2, 'EU', 1);
INSERT INTO inventory_source VALUES ('default', 'Default', 1, 'GB', 'XX'), ('north', 'North', 1, 'GB', 'N1'), ('south', 'South', 1, 'GB', 'S1'),
  ('east', 'East', 1, 'DE', '10115');
INSERT INTO inventory_stock VALUES (1, 'Default Stock'), (2, 'UK'), (3, 'EU');
INSERT INTO inventory_source_stock_link (stock_id, source_code, priority) VALUES (1, 'default', 1), (2, 'north', 1), (2, 'south', 2), (3, 'east', 1);
INSERT INTO inventory_stock_sales_channel VALUES ('website', 'uk', 2), ('website', 'eu', 3);
