#!/usr/bin/env bash
# jars.sh [kafka|connect]: prints the folder with the jars of Apache Kafka, or of Kafka Connect with Debezium; Maven fetches them the first time.
# WAYBILL_LIVE_JARS: where the folders are (target/live-jars).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
profile=${1:-kafka}
to=${WAYBILL_LIVE_JARS:-$here/../../target/live-jars}/$profile
if [ ! -e "$to/.done" ]; then
  mvn -q -B -f "$here/pom.xml" -P "$profile" dependency:copy-dependencies -DoutputDirectory="$(realpath -m "$to")" >&2
  touch "$to/.done"
fi
cd "$to" && pwd
