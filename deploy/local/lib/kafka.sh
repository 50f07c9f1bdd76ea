# shellcheck shell=bash
# One Kafka node that is broker and controller.

# Short runs gain more from a fast start than from compiled code.
JVM=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData "-Dlog4j2.configurationFile=$REPO/deploy/local/log4j2.properties")

start_kafka() {
    running kafka && return
    local jars file=$STATE/kafka/server.properties
    jars=$(jar_folder kafka)
    kafka_properties >"$file"
    if [[ ! -e $STATE/kafka/data/meta.properties ]]; then
        java "${JVM[@]}" -cp "$jars/libs/*" kafka.tools.StorageTool format -t "$(cat /proc/sys/kernel/random/uuid)" -c "$file" \
            >"$STATE/kafka/format.log" 2>&1 </dev/null || {
            tail -n 20 "$STATE/kafka/format.log" >&2
            return 1
        }
    fi
    spawn kafka java -Xmx512m "${JVM[@]}" -cp "$jars/libs/*" kafka.Kafka "$file"
    await kafka 60 grep -q 'Kafka Server started' "$STATE/kafka/log"
}

# The static list of voters, unlike a dynamic quorum, does not keep the controller's port in the data: it may change.
# After a kill the broker may return only when its old session has ended: 4 s, not 9.
# Topics appear only on purpose, so that a misspelt name is an error; Connect creates those of the tables.
kafka_properties() {
    local port controller
    port=$(port_of kafka)
    controller=$(port_of kafka-controller)
    cat <<PROPERTIES
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$STATE/kafka/data
auto.create.topics.enable=false
num.partitions=4
message.max.bytes=8388608
log.index.size.max.bytes=1048576
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
PROPERTIES
}

# What freshet cannot decode goes there.
create_dead_letters() {
    java "${JVM[@]}" -cp "$(jar_folder kafka)/libs/*" org.apache.kafka.tools.TopicCommand \
        --bootstrap-server "127.0.0.1:$(port_of kafka)" --create --if-not-exists --topic freshet.dead-letters \
        >"$STATE/kafka/topic.log" 2>&1 </dev/null || {
        tail -n 20 "$STATE/kafka/topic.log" >&2
        return 1
    }
}
