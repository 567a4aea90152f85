-- Magento's order, payment, shipment, credit memo, stock and customer tables: the columns that the live run writes or Waybill reads,
-- with Magento's own types and defaults.

CREATE TABLE sales_order (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  state varchar(32),
  status varchar(32),
  coupon_code varchar(255),
  is_virtual smallint unsigned,
  store_id smallint unsigned,
  customer_id int unsigned,
  customer_is_guest smallint unsigned,
  customer_email varchar(128),
  increment_id varchar(50),
  base_currency_code varchar(3),
  order_currency_code varchar(3),
  base_to_order_rate decimal(20,4),
  subtotal decimal(20,4),
  discount_amount decimal(20,4),
  shipping_amount decimal(20,4),
  shipping_incl_tax decimal(20,4),
  shipping_tax_amount decimal(20,4),
  shipping_discount_amount decimal(20,4),
  tax_amount decimal(20,4),
  discount_tax_compensation_amount decimal(20,4),
  shipping_discount_tax_compensation_amount decimal(20,4),
  grand_total decimal(20,4),
  total_due decimal(20,4),
  total_paid decimal(20,4),
  total_refunded decimal(20,4),
  total_canceled decimal(20,4),
  total_qty_ordered decimal(12,4),
  total_item_count smallint unsigned NOT NULL DEFAULT 0,
  shipping_method varchar(120),
  billing_address_id int,
  shipping_address_id int,
  relation_parent_id varchar(32),
  relation_child_id varchar(32),
  original_increment_id varchar(50),
  email_sent smallint,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY (increment_id, store_id),
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_order_item (
  item_id int unsigned NOT NULL AUTO_INCREMENT,
  order_id int unsigned NOT NULL DEFAULT 0,
  parent_item_id int unsigned,
  product_id int unsigned,
  product_type varchar(255),
  product_options longtext,
  sku varchar(255),
  name varchar(255),
  is_virtual smallint unsigned,
  qty_ordered decimal(12,4) DEFAULT 0,
  qty_invoiced decimal(12,4) DEFAULT 0,
  qty_shipped decimal(12,4) DEFAULT 0,
  qty_refunded decimal(12,4) DEFAULT 0,
  qty_canceled decimal(12,4) DEFAULT 0,
  price decimal(20,4) NOT NULL DEFAULT 0,
  row_total decimal(20,4) NOT NULL DEFAULT 0,
  row_total_incl_tax decimal(20,4),
  tax_percent decimal(12,4) DEFAULT 0,
  tax_amount decimal(20,4) DEFAULT 0,
  discount_amount decimal(20,4) DEFAULT 0,
  discount_tax_compensation_amount decimal(20,4),
  weee_tax_applied_row_amount decimal(12,4),
  base_cost decimal(12,4) DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  FOREIGN KEY (order_id) REFERENCES sales_order (entity_id) ON DELETE CASCADE,
  PRIMARY KEY (item_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_order_address (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned,
  address_type varchar(255),
  firstname varchar(255),
  lastname varchar(255),
  company varchar(255),
  street varchar(255),
  city varchar(255),
  region varchar(255),
  postcode varchar(255),
  country_id varchar(2),
  telephone varchar(255),
  email varchar(255),
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_order_payment (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned NOT NULL,
  method varchar(128),
  amount_ordered decimal(20,4),
  amount_authorized decimal(20,4),
  amount_paid decimal(20,4),
  amount_refunded decimal(20,4),
  amount_canceled decimal(20,4),
  last_trans_id varchar(255),
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_shipment (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  store_id smallint unsigned,
  total_qty decimal(12,4),
  order_id int unsigned NOT NULL,
  increment_id varchar(50),
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_shipment_item (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned NOT NULL,
  order_item_id int,
  qty decimal(12,4),
  sku varchar(255),
  name varchar(255),
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_shipment_track (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned NOT NULL,
  order_id int unsigned NOT NULL,
  track_number text,
  title varchar(255),
  carrier_code varchar(32),
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_creditmemo (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  store_id smallint unsigned,
  order_id int unsigned NOT NULL,
  invoice_id int,
  increment_id varchar(50),
  state int,
  order_currency_code varchar(3),
  transaction_id varchar(255),
  subtotal decimal(20,4),
  discount_amount decimal(20,4),
  shipping_amount decimal(20,4),
  tax_amount decimal(20,4),
  adjustment_positive decimal(20,4),
  adjustment_negative decimal(20,4),
  grand_total decimal(20,4),
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sales_creditmemo_item (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  parent_id int unsigned NOT NULL,
  order_item_id int,
  qty decimal(12,4),
  sku varchar(255),
  row_total decimal(20,4),
  tax_amount decimal(20,4),
  discount_amount decimal(20,4),
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_reservation (
  reservation_id int unsigned NOT NULL AUTO_INCREMENT,
  stock_id int unsigned NOT NULL,
  sku varchar(64) NOT NULL,
  quantity decimal(10,4) NOT NULL DEFAULT 0,
  metadata varchar(255),
  PRIMARY KEY (reservation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE inventory_source_item (
  source_item_id int unsigned NOT NULL AUTO_INCREMENT,
  source_code varchar(255) NOT NULL,
  sku varchar(64) NOT NULL,
  quantity decimal(12,4) NOT NULL DEFAULT 0,
  status smallint unsigned NOT NULL DEFAULT 0,
  UNIQUE KEY (source_code, sku),
  PRIMARY KEY (source_item_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE customer_entity (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  website_id smallint unsigned,
  email varchar(255),
  group_id smallint unsigned NOT NULL DEFAULT 0,
  store_id smallint unsigned DEFAULT 0,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  is_active smallint unsigned NOT NULL DEFAULT 1,
  PRIMARY KEY (entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE newsletter_subscriber (
  subscriber_id int unsigned NOT NULL AUTO_INCREMENT,
  store_id smallint unsigned DEFAULT 0,
  change_status_at timestamp NULL,
  customer_id int unsigned NOT NULL DEFAULT 0,
  subscriber_email varchar(150),
  subscriber_status int NOT NULL DEFAULT 0,
  PRIMARY KEY (subscriber_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
