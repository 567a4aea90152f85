#!/usr/bin/env bash
# Prints the folder with Apache Kafka's jars; fetches them with Maven the first time. WAYBILL_KAFKA_JARS names a folder that has them already.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
to=${WAYBILL_KAFKA_JARS:-$here/../../target/kafka-jars}
if [ -z "${WAYBILL_KAFKA_JARS:-}" ] && [ ! -e "$to/.done" ]; then
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$to" >&2
  touch "$to/.done"
fi
cd "$to" && pwd
