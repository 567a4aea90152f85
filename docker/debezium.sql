-- What Debezium's MariaDB connector needs: the snapshot reads tables under a lock, then it follows the binlog.
CREATE USER debezium@'%' IDENTIFIED BY 'debezium';
GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR, LOCK TABLES ON *.* TO debezium@'%';
