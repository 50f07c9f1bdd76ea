# shellcheck shell=bash
# Kafka Connect with Debezium, and the connector of the work-orders example.

connect_api() { curl -sSf "http://127.0.0.1:$(port_of connect)$1"; }

# Started while Kafka still starts: its scan for plugins takes as long as that, and it tries again until Kafka answers.
start_connect() {
    running connect && return
    connect_properties >"$STATE/connect/worker.properties"
    spawn connect java -Xmx512m "${JVM[@]}" -cp "$(jar_folder kafka)/libs/*" \
        org.apache.kafka.connect.cli.ConnectDistributed "$STATE/connect/worker.properties"
    await connect 90 connect_api /connectors
}

connect_properties() {
    cat <<PROPERTIES
bootstrap.servers=127.0.0.1:$(port_of kafka)
group.id=connect
listeners=http://127.0.0.1:$(port_of connect)
plugin.path=$(jar_folder debezium-postgres)
plugin.discovery=service_load
config.storage.topic=connect.configs
config.storage.replication.factor=1
offset.storage.topic=connect.offsets
offset.storage.replication.factor=1
offset.storage.partitions=1
offset.flush.interval.ms=1000
status.storage.topic=connect.status
status.storage.replication.factor=1
status.storage.partitions=1
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
producer.linger.ms=0
producer.max.request.size=8388608
scheduled.rebalance.max.delay.ms=0
session.timeout.ms=6000
heartbeat.interval.ms=2000
task.shutdown.graceful.timeout.ms=5000
PROPERTIES
}

# Ready means that a change made now will be read as a change: the topics exist and the snapshot is over.
register_connector() {
    local config
    config=$(jq --arg port "$(port_of postgres)" '.config + {
        "database.hostname": "127.0.0.1", "database.port": $port,
        "database.user": "postgres", "database.password": "", "database.dbname": "app"
    }' "$REPO/deploy/examples/work-orders/connector.json")
    # Connect restarts a connector whose configuration is put, also where nothing differs.
    if ! connector_has "$config"; then
        await connect 30 put_connector "$config"
        if [[ $(<"$STATE/connect/answer") == 400 ]]; then
            say "error: Connect refuses deploy/examples/work-orders/connector.json: $(jq -r .message "$STATE/connect/answer.json")"
            return 1
        fi
    fi
    await connect 60 connector_streams
}

connector_has() {
    connect_api /connectors/work-orders/config 2>/dev/null | jq -e --argjson wanted "$1" 'del(.name) == $wanted' >/dev/null
}

# Connect answers 409 or 500 while its group forms, and 400 for good.
put_connector() {
    curl -sS -X PUT -H 'Content-Type: application/json' -d "$1" -o "$STATE/connect/answer.json" -w '%{http_code}' \
        "http://127.0.0.1:$(port_of connect)/connectors/work-orders/config" >"$STATE/connect/answer"
    [[ $(<"$STATE/connect/answer") =~ ^(200|201|400)$ ]]
}

connector_streams() {
    connect_api /connectors/work-orders/status | jq -e '.tasks[0].state == "RUNNING"' &&
        connect_api /connectors/work-orders/topics | jq -e --argjson expected "$(table_topics)" \
            '$expected - ."work-orders".topics == []' &&
        [[ $(psql_app -d app -At -c "select active from pg_replication_slots where slot_name = 'freshet_work_orders'") == t ]]
}

table_topics() {
    psql_app -d app -At -c "select json_agg('app.public.' || tablename) from pg_tables
        where tablename like 'workorder\_%' or tablename = 'auth_user'"
}
